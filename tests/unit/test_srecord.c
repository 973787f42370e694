/* tests/unit/test_srecord.c: S-records, and bytes without any protocol */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/protocol/srecord_line.h"
#include "recovery/protocol/transfer.h"
#include "src/base/text.h"

extern const struct transfer_protocol transfer_srecord, transfer_raw;

/* Motorola's own example, appendix C. */
#define EXAMPLE \
	"S00600004844521B\n" \
	"S1130000285F245F2212226A000424290008237C2A\n" \
	"S11300100002000800082629001853812341001813\n" \
	"S113002041E900084E42234300182342000824A952\n" \
	"S107003000144ED492\n" \
	"S9030000FC\n"

/* A device that takes records as U-Boot's loads does. */
struct loads {
	const struct transfer_protocol *protocol;
	struct transfer *transfer;
	struct transfer_event last;
	char text[512];
	bool echoes;
	int spoil_echo_at;	/* line; 0: never */
	struct bytes source;
	unsigned files;
	char line[SRECORD_LINE_MAX + 1];
	size_t line_size, lines, longest;
	uint8_t memory[4096];
	uint32_t entry;
	bool has_ended;
	uint64_t now_ms, fastest_ms, last_line_ms;
	uint8_t taken[100000];
	size_t taken_size;
};

static bool next(void *user, struct transfer_file *ret_file)
{
	struct loads *loads = user;

	if (loads->files++ > 0)
		return false;
	text_copy(ret_file->name, sizeof(ret_file->name), "image");
	ret_file->size = loads->source.size;
	ret_file->has_size = true;
	return true;
}

static size_t read_source(void *user, uint64_t offset, uint8_t *to, size_t size)
{
	struct loads *loads = user;

	if (offset >= loads->source.size)
		return 0;
	if (size > loads->source.size - offset)
		size = (size_t)(loads->source.size - offset);
	memcpy(to, loads->source.data + offset, size);
	return size;
}

static bool is_final(const struct loads *loads)
{
	return loads->last.type == TRANSFER_DONE || loads->last.type == TRANSFER_FAILED;
}

static void say(struct loads *loads, struct bytes in)
{
	struct transfer_event event;

	do {
		if (is_final(loads))
			return;
		event = loads->protocol->input(loads->transfer, &in, loads->now_ms);
		if (event.type == TRANSFER_TEXT)
			text_append(loads->text, sizeof(loads->text), "%.*s", (int)event.data.size,
				    (const char *)event.data.data);
		if (event.type != TRANSFER_NOTHING)
			loads->last = event;
	} while (event.type != TRANSFER_NOTHING || in.size > 0);
}

static void end_line(struct loads *loads)
{
	struct srecord record;

	if (loads->line_size == 0)
		return;
	assert_null(srecord_read(bytes_of(loads->line, loads->line_size), &record));
	loads->lines++;
	loads->longest = record.size > loads->longest ? record.size : loads->longest;
	if (srecord_is_data(record.type))
		memcpy(loads->memory + record.address % sizeof(loads->memory), record.data, record.size);
	if (srecord_is_end(record.type)) {
		loads->has_ended = true;
		loads->entry = record.address;
	}
	if (loads->last_line_ms > 0 && loads->now_ms - loads->last_line_ms < loads->fastest_ms)
		loads->fastest_ms = loads->now_ms - loads->last_line_ms;
	loads->last_line_ms = loads->now_ms;
	loads->line_size = 0;
}

static void take(struct loads *loads, struct bytes out)
{
	uint8_t echo[1024];
	size_t size = 0;

	for (size_t i = 0; i < out.size; i++) {
		uint8_t byte = out.data[i];

		echo[size++] = loads->spoil_echo_at > 0 && (int)loads->lines == loads->spoil_echo_at && byte == 'S'
				       ? 's'
				       : byte;
		if (byte == '\n')
			echo[size++] = '\r';
		if (byte == '\r' || byte == '\n')
			end_line(loads);
		else
			loads->line[loads->line_size++] = (char)byte;
	}
	if (loads->echoes)
		say(loads, bytes_of(echo, size));
}

static void run(struct loads *loads, const struct transfer_options *more)
{
	struct transfer_options options = *more;

	options.is_sender = true;
	options.source = (struct transfer_source){ next, read_source, loads };
	loads->protocol = &transfer_srecord;
	loads->fastest_ms = UINT64_MAX;
	loads->now_ms = 1000;
	assert_int_equal(transfer_srecord.begin(&options, loads->now_ms, &loads->transfer, NULL), STATUS_OK);
	for (unsigned i = 0; i < 100000 && !is_final(loads); i++) {
		struct bytes out = transfer_srecord.output(loads->transfer);
		struct transfer_event event;
		uint8_t copy[1024];

		if (out.size > 0) {
			memcpy(copy, out.data, out.size);
			transfer_srecord.sent(loads->transfer, out.size, loads->now_ms);
			take(loads, bytes_of(copy, out.size));
			continue;
		}
		if (transfer_srecord.deadline(loads->transfer) > loads->now_ms)
			loads->now_ms = transfer_srecord.deadline(loads->transfer);
		event = transfer_srecord.tick(loads->transfer, loads->now_ms);
		if (event.type != TRANSFER_NOTHING)
			loads->last = event;
	}
	assert_true(is_final(loads));
	transfer_srecord.free(loads->transfer);
}

static const struct transfer_options at_8000 = { .has_address = true, .address = 0x80000000, .baud = 115200 };
static const struct transfer_options own = { .baud = 115200 };

static void the_manuals_example_is_read_and_written(void **state)
{
	struct srecord record;
	char to[64];

	(void)state;
	assert_null(srecord_read(BYTES("S1130000285F245F2212226A000424290008237C2A"), &record));
	assert_int_equal(record.type, 1);
	assert_int_equal(record.size, 16);
	assert_int_equal(srecord_write(to, 1, record.address, bytes_of(record.data, record.size)), 42);
	assert_memory_equal(to, "S1130000285F245F2212226A000424290008237C2A", 42);
}

static void every_change_of_a_record_is_found(void **state)
{
	char line[] = "S1130000285F245F2212226A000424290008237C2A";
	struct srecord record;

	(void)state;
	for (size_t i = 1; i < strlen(line); i++) {
		char kept = line[i];

		for (const char *other = "0123456789ABCDEFx "; *other != '\0'; other++) {
			line[i] = *other;
			/* S9 and S5 of the same length are records too: the type is not in the checksum. */
			if (*other != kept && i > 1)
				assert_non_null(srecord_read(bytes_of_text(line), &record));
		}
		line[i] = kept;
		assert_non_null(srecord_read(bytes_of(line, i), &record));
	}
}

static struct loads *new_loads(struct bytes source)
{
	struct loads *loads = calloc(1, sizeof(*loads));

	loads->source = source;
	return loads;
}

static void a_binary_file_becomes_records_at_its_address(void **state)
{
	static const size_t size[] = { 0, 1, 32, 33, 4000 };
	uint8_t data[4000];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t i = 0; i < 5; i++) {
		struct loads *loads = new_loads(bytes_of(data, size[i]));

		run(loads, &at_8000);
		assert_int_equal(loads->last.type, TRANSFER_DONE);
		assert_memory_equal(loads->memory, data, size[i]);
		assert_true(loads->has_ended);
		assert_int_equal(loads->entry, 0x80000000);
		free(loads);
	}
}

static void a_file_of_records_is_sent_as_it_is(void **state)
{
	struct loads *loads = new_loads(BYTES(EXAMPLE));

	(void)state;
	run(loads, &own);
	assert_int_equal(loads->last.type, TRANSFER_DONE);
	assert_int_equal(loads->lines, 6);
	assert_memory_equal(loads->memory, "\x28\x5f\x24\x5f", 4);
	free(loads);
}

static void long_records_are_cut_up(void **state)
{
	char text[1200];
	uint8_t data[250];
	struct loads *loads;
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	size = srecord_write(text, 3, 0x100, bytes_of(data, sizeof(data)));
	memcpy(text + size, "\r\nS5030001FB\r\nS70500000000FA\r\n", 31);
	loads = new_loads(bytes_of_text(text));
	run(loads, &own);
	assert_int_equal(loads->last.type, TRANSFER_DONE);
	assert_int_equal(loads->longest, 32);
	assert_int_equal(loads->lines, 9);
	assert_memory_equal(loads->memory + 0x100, data, sizeof(data));
	free(loads);
}

static void a_damaged_line_is_named_before_anything_is_sent(void **state)
{
	static const struct {
		const char *text, *says;
	} wrong[] = {
		{ "S00600004844521B\nS1130000285F245F2212226A000424290008237C2B\nS9030000FC\n", "line 2" },
		{ "S00600004844521B\nhello\nS9030000FC\n", "line 2" },
		{ "S00600004844521B\nS107003000144ED492\n", "end record" },
		{ "S00600004844521B\nS9030000FC\n", "data record" },
		{ "S107003000144ED492\nS9030000FC\nS107003000144ED492\n", "line 3" },
		{ "S107FFFE00144ED4C5\nS9030000FC\n", "line 1" },
	};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct loads *loads = new_loads(bytes_of_text(wrong[i].text));

		run(loads, &own);
		assert_int_equal(loads->last.type, TRANSFER_FAILED);
		assert_int_equal(loads->lines, 0);
		if (!text_contains(loads->last.reason, wrong[i].says))
			fail_msg("%s", loads->last.reason);
		free(loads);
	}
}

static void an_address_belongs_to_a_binary_file_and_only_there(void **state)
{
	struct loads *loads = new_loads(BYTES(EXAMPLE));

	(void)state;
	run(loads, &at_8000);
	assert_int_equal(loads->last.status, STATUS_REFUSED);
	free(loads);
	loads = new_loads(BYTES("\x27\x05\x19\x56"));
	run(loads, &own);
	assert_int_equal(loads->last.status, STATUS_REFUSED);
	free(loads);
}

static void without_echo_lines_come_no_faster_than_the_line(void **state)
{
	uint8_t data[1000] = { 0 };
	struct loads *loads = new_loads(bytes_of(data, sizeof(data)));

	(void)state;
	run(loads, &at_8000);
	assert_int_equal(loads->last.type, TRANSFER_DONE);
	assert_in_range(loads->fastest_ms, 4, 12);	/* the last one is short */
	free(loads);
}

static void with_echo_nothing_is_waited_for_but_the_echo(void **state)
{
	uint8_t data[1000] = { 0 };
	struct loads *loads = new_loads(bytes_of(data, sizeof(data)));

	(void)state;
	loads->echoes = true;
	run(loads, &at_8000);
	assert_int_equal(loads->last.type, TRANSFER_DONE);
	assert_true(loads->now_ms <= 1001);
	free(loads);
}

static void an_echo_that_differs_ends_it(void **state)
{
	uint8_t data[1000] = { 0 };
	struct loads *loads = new_loads(bytes_of(data, sizeof(data)));

	(void)state;
	loads->echoes = true;
	loads->spoil_echo_at = 7;
	run(loads, &at_8000);
	assert_int_equal(loads->last.type, TRANSFER_FAILED);
	assert_int_equal(loads->last.status, STATUS_PROTOCOL);
	free(loads);
}

static void what_the_device_complains_of_is_told(void **state)
{
	struct loads *loads = new_loads(BYTES("firmware"));
	struct transfer_options options = at_8000;

	(void)state;
	options.is_sender = true;
	options.source = (struct transfer_source){ next, read_source, loads };
	loads->protocol = &transfer_srecord;
	assert_int_equal(transfer_srecord.begin(&options, 0, &loads->transfer, NULL), STATUS_OK);
	say(loads, BYTES("## Ready for S-Record download ...\r\n"));
	assert_false(is_final(loads));
	say(loads, BYTES("## S-Record download abor"));
	say(loads, BYTES("ted\r\n"));
	assert_int_equal(loads->last.type, TRANSFER_FAILED);
	assert_true(text_contains(loads->last.reason, "S-Record download aborted"));
	transfer_srecord.free(loads->transfer);
	free(loads);
}

static void s_records_are_not_received(void **state)
{
	struct transfer_options options = { .is_sender = false };
	struct transfer *transfer;

	(void)state;
	assert_int_equal(transfer_srecord.begin(&options, 0, &transfer, NULL), STATUS_UNSUPPORTED);
}

/* Raw */

static uint64_t send_raw(struct loads *loads, unsigned baud)
{
	struct transfer_options options = { .is_sender = true, .baud = baud, .source = { next, read_source, loads } };

	loads->protocol = &transfer_raw;
	loads->now_ms = 1000;
	assert_int_equal(transfer_raw.begin(&options, loads->now_ms, &loads->transfer, NULL), STATUS_OK);
	for (unsigned i = 0; i < 100000 && !is_final(loads); i++) {
		struct bytes out = transfer_raw.output(loads->transfer);
		struct transfer_event event;

		if (out.size > 0) {
			memcpy(loads->taken + loads->taken_size, out.data, out.size);
			loads->taken_size += out.size;
			transfer_raw.sent(loads->transfer, out.size, loads->now_ms);
			if (baud > 0)
				assert_true(loads->taken_size <= (loads->now_ms - 1000 + 30) * baud / 10000 + 128);
			continue;
		}
		if (transfer_raw.deadline(loads->transfer) > loads->now_ms)
			loads->now_ms = transfer_raw.deadline(loads->transfer);
		event = transfer_raw.tick(loads->transfer, loads->now_ms);
		if (event.type != TRANSFER_NOTHING)
			loads->last = event;
	}
	transfer_raw.free(loads->transfer);
	return loads->now_ms - 1000;
}

static void raw_bytes_go_out_at_the_lines_own_pace(void **state)
{
	static uint8_t data[50000];
	static const unsigned baud[] = { 0, 1200 * 32, 115200, 3000000 };

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < 4; i++) {
		struct loads *loads = new_loads(bytes_of(data, sizeof(data)));
		uint64_t took_ms = send_raw(loads, baud[i]);

		assert_int_equal(loads->last.type, TRANSFER_DONE);
		assert_int_equal(loads->taken_size, sizeof(data));
		assert_memory_equal(loads->taken, data, sizeof(data));
		if (baud[i] > 0)
			assert_in_range(took_ms, sizeof(data) * 10000 / baud[i], sizeof(data) * 10000 / baud[i] + 30);
		free(loads);
	}
}

static void an_empty_file_is_sent_raw_too(void **state)
{
	struct loads *loads = new_loads(BYTES(""));

	(void)state;
	send_raw(loads, 115200);
	assert_int_equal(loads->last.type, TRANSFER_DONE);
	free(loads);
}

static void raw_receiving_ends_with_silence(void **state)
{
	struct transfer_options options = { .patience_ms = 5000 };
	struct transfer *transfer;
	struct transfer_event event;
	struct bytes in = BYTES("boot log");

	(void)state;
	assert_int_equal(transfer_raw.begin(&options, 0, &transfer, NULL), STATUS_OK);
	assert_int_equal(transfer_raw.deadline(transfer), 5000);
	event = transfer_raw.input(transfer, &in, 4000);
	assert_int_equal(event.type, TRANSFER_FILE);
	event = transfer_raw.input(transfer, &in, 4000);
	assert_int_equal(event.type, TRANSFER_DATA);
	assert_true(bytes_equal(event.data, BYTES("boot log")));
	assert_int_equal(transfer_raw.tick(transfer, 6999).type, TRANSFER_NOTHING);
	event = transfer_raw.tick(transfer, 7000);
	assert_int_equal(event.type, TRANSFER_FILE_END);
	assert_int_equal(event.file.size, 8);
	assert_int_equal(transfer_raw.tick(transfer, 7000).type, TRANSFER_DONE);
	transfer_raw.free(transfer);

	assert_int_equal(transfer_raw.begin(&options, 0, &transfer, NULL), STATUS_OK);
	event = transfer_raw.tick(transfer, 5000);
	assert_int_equal(event.type, TRANSFER_FAILED);
	assert_int_equal(event.status, STATUS_TIMEOUT);
	transfer_raw.free(transfer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manuals_example_is_read_and_written),
		cmocka_unit_test(every_change_of_a_record_is_found),
		cmocka_unit_test(a_binary_file_becomes_records_at_its_address),
		cmocka_unit_test(a_file_of_records_is_sent_as_it_is),
		cmocka_unit_test(long_records_are_cut_up),
		cmocka_unit_test(a_damaged_line_is_named_before_anything_is_sent),
		cmocka_unit_test(an_address_belongs_to_a_binary_file_and_only_there),
		cmocka_unit_test(without_echo_lines_come_no_faster_than_the_line),
		cmocka_unit_test(with_echo_nothing_is_waited_for_but_the_echo),
		cmocka_unit_test(an_echo_that_differs_ends_it),
		cmocka_unit_test(what_the_device_complains_of_is_told),
		cmocka_unit_test(s_records_are_not_received),
		cmocka_unit_test(raw_bytes_go_out_at_the_lines_own_pace),
		cmocka_unit_test(an_empty_file_is_sent_raw_too),
		cmocka_unit_test(raw_receiving_ends_with_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
