/* tests/unit/test_baud_guess.c
 *
 * The guess at a bench that samples every edge (tests/fakes/uart_bench). With BAUD_TABLE=1 the table of all pairs is
 * printed; with a folder of boot logs in BAUD_LOGS they are what is sent. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "recovery/serial/baud_guess.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "tests/fakes/uart_bench.h"

enum { LOGS_MAX = 64, LOG_MAX = 64 * 1024, PART = 16, GUESSES_MAX = 8 };

static const unsigned common[] = { 9600, 19200, 38400, 57600, 74880, 115200, 230400, 460800, 921600, 1500000 };

/* Three voices that the module's own text does not have. */
static const char rom_and_shell[] =
	"\n ets Jun  8 2016 00:22:57\n\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\nconfigsip: 0, SPIWP:0xee\n"
	"clk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00\nmode:DIO, clock div:2\nload:0x3fff0030,len:1344\n"
	"load:0x40078000,len:13964\nload:0x40080400,len:3600\nentry 0x400805f0\n"
	"BusyBox v1.36.1 built-in shell (ash)\n\n  _______                     ________        __\n |       |.-----.-----.-----.|  |  |  |.----.|  |_\n"
	"/ # ls\nbin   dev   etc   lib   mnt   proc  root  sbin  sys   tmp   usr   var   www\n/ # cat /proc/mtd\n"
	"dev:    size   erasesize  name\nmtd0: 00040000 00010000 \"boot\"\nmtd1: 00010000 00010000 \"env\"\nmtd2: 00200000 00010000 \"kernel\"\n/ # ";
static const char loader[] =
	"\r\nU-Boot 2016.11-g1234567 (Mar 03 2020 - 09:12:33 +0800)\r\n\r\nRelocation Offset is: 0770f000\r\nSPI Nor: Check Flash Memory Controller v100 ... Found\r\n"
	"SPI Nor ID Table Version 1.0\r\nSPI Nor(cs 0) ID: 0x20 0x70 0x18\r\nBlock:64KB Chip:16MB Name:\"XM25QH128A\"\r\n*** Warning - bad CRC, using default environment\r\n\r\n"
	"MAC:   00-00-23-34-45-66\r\nPress Ctrl-C to stop autoboot in 1 seconds\r\ndevice 0 offset 0x50000, size 0x200000\r\n\r\nSF: 2097152 bytes @ 0x50000 Read: OK\r\n"
	"## Booting kernel from Legacy Image at 42000000 ...\r\n   Image Name:   Linux-4.9.37\r\n   Data Size:    1971234 Bytes = 1.9 MiB\r\nBad Data CRC\r\n"
	"ERROR: can't get kernel image!\r\nresetting ...\r\n";
static const char dump[] =
	"42000000: 27051956 a1b2c3d4 5e0be100 001e1432    ...'........2...\r\n42000010: 42000000 42000000 6b2c91fe 05020200    ...B...B..,k....\r\n"
	"42000020: 4c696e75 782d342e 392e3337 00000000    uniL-xun.9.473..\r\n42000030: 00000000 00000000 00000000 00000000    ................\r\n"
	"########################################################################\r\n################\r\n";

struct log {
	char *data;
	size_t size;
};

static size_t load_logs(struct log *logs)
{
	static const struct {
		const char *text;
		size_t size;
	} own[] = { { rom_and_shell, sizeof(rom_and_shell) - 1 },
		    { loader, sizeof(loader) - 1 },
		    { dump, sizeof(dump) - 1 } };
	const char *folder = getenv("BAUD_LOGS");
	DIR *entries = folder ? opendir(folder) : NULL;
	struct dirent *entry;
	size_t count = 0;

	while (entries && count < LOGS_MAX && (entry = readdir(entries)) != NULL) {
		char path[1024];
		FILE *file;

		if (!strstr(entry->d_name, ".log") && !strstr(entry->d_name, ".txt"))
			continue;
		file = fopen(text_format(path, sizeof(path), "%s/%s", folder, entry->d_name), "r");
		if (file == NULL)
			continue;
		logs[count].data = malloc(LOG_MAX);
		logs[count].size = fread(logs[count].data, 1, LOG_MAX, file);
		fclose(file);
		count += logs[count].size > 1000;
	}
	if (entries)
		closedir(entries);
	for (size_t i = 0; count < ARRAY_SIZE(own) && !folder; i++, count++) {
		logs[count] = (struct log){ .data = malloc(LOG_MAX), .size = 0 };
		while (logs[count].size + own[i].size <= LOG_MAX) {
			memcpy(logs[count].data + logs[count].size, own[i].text, own[i].size);
			logs[count].size += own[i].size;
		}
	}
	return count;
}

static void free_logs(struct log *logs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(logs[i].data);
}

static void learn(struct baud_guess *guess)
{
	while (baud_guess_learn(guess))
		;
}

/* How many changes of the rate it took until the guess said "here" at the right one; GUESSES_MAX: not found.
 * *ret_first: was the first proposal right? *ret_lied: a wrong one was called right. */
static unsigned hunt(struct baud_guess *guess, struct uart_bench *bench, unsigned baud, unsigned from, bool *ret_first,
		     bool *ret_lied)
{
	unsigned tries = 0, rate = from;
	uint8_t part[PART];

	*ret_first = *ret_lied = false;
	baud_guess_init(guess, 0, from);
	learn(guess);
	uart_bench_set(bench, from);
	while (tries < GUESSES_MAX) {
		size_t size = uart_bench_read(bench, part, sizeof(part));
		enum baud_answer answer;

		baud_guess_input(guess, bytes_of(part, size), 1 + (uint64_t)(bench->now_s * 1000));
		answer = size > 0 ? baud_guess_answer(guess, false, &rate) : baud_guess_silence(guess, &rate);
		if (answer == BAUD_HERE) {
			*ret_lied = !baud_guess_same(guess->rate, baud);
			return *ret_lied ? GUESSES_MAX : tries;
		}
		if (answer == BAUD_NONE)
			return GUESSES_MAX;
		if (answer == BAUD_MORE)
			continue;
		if (tries++ == 0)
			*ret_first = baud_guess_same(rate, baud);
		baud_guess_listen(guess, rate);
		learn(guess);
		uart_bench_set(bench, rate);
		if (size == 0) /* another start */
			bench->at = 0, bench->begin_s = bench->now_s;
	}
	return GUESSES_MAX;
}

struct tally {
	unsigned all, first, three, lied;
};

static void tally_pair(const struct log *logs, size_t log_count, unsigned baud, unsigned from, unsigned turns,
		       struct tally *tally)
{
	AUTO_FREE struct baud_guess *guess = malloc(sizeof(*guess));
	struct uart_bench bench;

	for (unsigned turn = 0; turn < turns; turn++) {
		unsigned seed = turn + baud / 100 + from / 10;
		const struct log *log = &logs[(turn / UART_FLOWS + seed) % log_count];
		size_t begin = (seed * 7919u) % (log->size / 4 + 1);
		bool is_first, is_lie;
		unsigned tries;

		uart_bench_init(&bench, bytes_of(log->data + begin, log->size - begin),
				baud * (1 + 0.007 * ((int)(seed % 5) - 2)), turn % UART_FLOWS,
				turn / UART_FLOWS % UART_ADAPTERS, seed);
		tries = hunt(guess, &bench, baud, from, &is_first, &is_lie);
		tally->all++;
		tally->first += is_first;
		tally->three += tries <= 3;
		tally->lied += is_lie;
		if (is_lie || tries > 3)
			print_message("%u read at %u, flow %u, adapter %u: %u tries%s, ends at %u with %u bytes\n",
				      baud, from, turn % UART_FLOWS, turn / UART_FLOWS % UART_ADAPTERS, tries,
				      is_lie ? ", LIE" : "", guess->rate, guess->total);
	}
}

static unsigned percent(unsigned part, unsigned all)
{
	return all > 0 ? part * 100 / all : 0;
}

static void add(struct tally *sum, const struct tally *part)
{
	sum->all += part->all;
	sum->first += part->first;
	sum->three += part->three;
	sum->lied += part->lied;
}

/* BAUD_TABLE=1: all pairs, each with all flows and adapters; takes some minutes. */
static void print_table(const struct log *logs, size_t count)
{
	struct tally sum = { 0 };

	printf("percent right at the first guess / within 3; across: the device's rate, down: the rate first listened at\n%8s",
	       "");
	for (size_t b = 0; b < ARRAY_SIZE(common); b++)
		printf(" %8u", common[b]);
	for (size_t a = 0; a < ARRAY_SIZE(common); a++) {
		printf("\n%8u", common[a]);
		for (size_t b = 0; b < ARRAY_SIZE(common); b++) {
			struct tally tally = { 0 };

			if (a != b)
				tally_pair(logs, count, common[b], common[a], UART_FLOWS * UART_ADAPTERS, &tally);
			printf("  %3u/%3u", percent(tally.first, tally.all), percent(tally.three, tally.all));
			fflush(stdout);
			add(&sum, &tally);
		}
	}
	printf("\nof %u: first %u %%, within three %u %%, a wrong rate called right %u\n", sum.all,
	       percent(sum.first, sum.all), percent(sum.three, sum.all), sum.lied);
}

static void most_wrong_rates_are_found_by_one_look(void **state)
{
	static const unsigned pairs[][2] = {
		/* first listened at, the device's */
		{ 115200, 9600 },   { 115200, 19200 },   { 115200, 38400 },   { 115200, 57600 }, { 115200, 74880 },
		{ 115200, 230400 }, { 115200, 921600 },  { 115200, 1500000 }, { 9600, 19200 },   { 9600, 115200 },
		{ 57600, 115200 },  { 1500000, 115200 }, { 921600, 57600 },
	};
	struct tally sum = { 0 };
	struct log logs[LOGS_MAX];
	size_t count = load_logs(logs);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		tally_pair(logs, count, pairs[i][1], pairs[i][0], UART_FLOWS, &sum);
	if (getenv("BAUD_TABLE"))
		print_table(logs, count);
	free_logs(logs, count);
	print_message("of %u: first guess right %u %%, within three %u %%, a wrong rate called right %u\n", sum.all,
		      percent(sum.first, sum.all), percent(sum.three, sum.all), sum.lied);
	assert_true(percent(sum.first, sum.all) >= 70);
	assert_true(percent(sum.three, sum.all) >= 90);
	assert_int_equal(sum.lied, 0);
}

static enum baud_answer read_text(struct baud_guess *guess, const char *text, unsigned *ret_rate)
{
	baud_guess_input(guess, bytes_of_text(text), 1);
	return baud_guess_answer(guess, true, ret_rate);
}

static void text_at_this_rate_is_the_end(void **state)
{
	AUTO_FREE struct baud_guess *guess = malloc(sizeof(*guess));
	unsigned rate = 0;

	(void)state;
	baud_guess_init(guess, 0, 74880);
	learn(guess);
	assert_int_equal(read_text(guess, "ets Jan", &rate), BAUD_MORE);
	assert_int_equal(read_text(guess, "  8 2013,rst cause:1, boot mode:(3,6)\r\n", &rate), BAUD_HERE);
}

static void digits_alone_are_no_proof(void **state)
{
	AUTO_FREE struct baud_guess *guess = malloc(sizeof(*guess));
	unsigned rate = 0;

	(void)state;
	baud_guess_init(guess, 0, 115200);
	learn(guess);
	for (int i = 0; i < 8; i++)
		assert_int_not_equal(read_text(guess, "00000010: 00000000 12340000 56789000 10203040\r\n", &rate),
				     BAUD_HERE);
}

static void of_equal_looks_the_common_rate_is_tried_first(void **state)
{
	AUTO_FREE struct baud_guess *guess = malloc(sizeof(*guess));
	uint8_t nuls[BAUD_GUESS_ENOUGH] = { 0 };
	unsigned rate = 0;

	(void)state;
	baud_guess_init(guess, 0, 1500000);
	learn(guess);
	baud_guess_input(guess, bytes_of(nuls, sizeof(nuls)), 1);
	assert_int_equal(baud_guess_answer(guess, false, &rate), BAUD_TRY);
	assert_true(rate < 150000);
	baud_guess_init(guess, 4800, 1500000);
	learn(guess);
	baud_guess_input(guess, bytes_of(nuls, sizeof(nuls)), 1);
	assert_int_equal(baud_guess_answer(guess, false, &rate), BAUD_TRY);
	assert_int_equal(rate, 4800); /* what the model has */
	baud_guess_exclude(guess, 4800);
	assert_int_equal(baud_guess_answer(guess, false, &rate), BAUD_TRY);
	assert_int_not_equal(rate, 4800);
}

/* 40 NULs a second are what 1200 baud can make, and 9600 would make many more; 4000 are too many for 1200. */
static void the_pace_tells_slow_rates_apart(void **state)
{
	AUTO_FREE struct baud_guess *guess = malloc(sizeof(*guess));
	uint8_t nuls[400] = { 0 };
	unsigned rate = 0;

	(void)state;
	baud_guess_init(guess, 1200, 1500000);
	learn(guess);
	for (unsigned i = 0; i < 10; i++)
		baud_guess_input(guess, bytes_of(nuls, sizeof(nuls)), 1000 + i * 100);
	assert_int_equal(baud_guess_answer(guess, false, &rate), BAUD_TRY);
	assert_true(rate > 4800);
}

static void silence_leads_to_the_next_rate_and_ends(void **state)
{
	AUTO_FREE struct baud_guess *guess = malloc(sizeof(*guess));
	unsigned rate = 0, tries = 0;

	(void)state;
	baud_guess_init(guess, 0, 115200);
	while (baud_guess_silence(guess, &rate) == BAUD_TRY && tries < 200) {
		assert_int_not_equal(rate, guess->rate);
		baud_guess_listen(guess, rate);
		tries++;
	}
	assert_in_range(tries, BAUD_GUESS_RATES, 3 * BAUD_GUESS_RATES);
}

static void text_with_parity_is_text(void **state)
{
	static const char text[] = "\r\nWelcome to the service port of this unit. Login: \r\nPassword: \r\n";
	AUTO_FREE struct baud_guess *guess = malloc(sizeof(*guess));
	uint8_t sent[sizeof(text) - 1];
	unsigned rate = 0;

	(void)state;
	for (unsigned odd = 0; odd < 2; odd++) {
		baud_guess_init(guess, 0, 9600);
		learn(guess);
		for (size_t i = 0; i < sizeof(sent); i++)
			sent[i] = (uint8_t)(text[i] | ((unsigned)__builtin_parity((unsigned)text[i]) ^ odd) << 7);
		baud_guess_input(guess, bytes_of(sent, sizeof(sent)), 1);
		assert_int_equal(baud_guess_parity(guess), odd ? 'O' : 'E');
		assert_int_equal(baud_guess_answer(guess, false, &rate), BAUD_HERE);
	}
	baud_guess_init(guess, 0, 9600);
	baud_guess_input(guess, bytes_of(text, sizeof(text) - 1), 1);
	assert_int_equal(baud_guess_parity(guess), 0);
	baud_guess_init(guess, 0, 9600);
	learn(guess);
	memset(sent, 0xe1, sizeof(sent));	/* a rule of one character has a parity at every rate */
	baud_guess_input(guess, bytes_of(sent, sizeof(sent)), 1);
	assert_int_not_equal(baud_guess_answer(guess, false, &rate), BAUD_HERE);
}

static void what_is_3_percent_apart_is_the_same(void **state)
{
	(void)state;
	assert_true(baud_guess_same(57600, 57800));
	assert_true(baud_guess_same(250000, 256000));
	assert_false(baud_guess_same(115200, 128000));
	assert_int_equal(baud_guess_rate(0), 1200);
	assert_int_equal(baud_guess_rate(BAUD_GUESS_RATES), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_at_this_rate_is_the_end),
		cmocka_unit_test(digits_alone_are_no_proof),
		cmocka_unit_test(of_equal_looks_the_common_rate_is_tried_first),
		cmocka_unit_test(the_pace_tells_slow_rates_apart),
		cmocka_unit_test(silence_leads_to_the_next_rate_and_ends),
		cmocka_unit_test(text_with_parity_is_text),
		cmocka_unit_test(what_is_3_percent_apart_is_the_same),
		cmocka_unit_test(most_wrong_rates_are_found_by_one_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
