/* The inspector against firmware images with known truth, whole and damaged: ../shared/corpus/images or $UNBRICK_SHARED/corpus/images.
 * Never "whole" for a damaged one, never "damaged" for a whole one; and the damage that a file can tell is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "src/media/image_file.h"

enum { IMAGE_CEILING = 16 * 1024 * 1024 };

struct corpus {
	char folder[400];
	uint8_t *bytes, *other;		/* IMAGE_CEILING each */
	size_t size;
};

static bool read_into(const struct corpus *corpus, const char *name, uint8_t *to, size_t *ret_size)
{
	char path[600];
	FILE *file;

	text_format(path, sizeof(path), "%s/%s", corpus->folder, name);
	file = fopen(path, "rb");
	if (file == NULL)
		return false;
	*ret_size = fread(to, 1, IMAGE_CEILING, file);
	fclose(file);
	return true;
}

/* The value of a key of NAME.meta; "" when it has none. */
static void read_truth(const struct corpus *corpus, const char *name, const char *key, char *to, size_t size)
{
	char path[600], line[800];
	FILE *file;

	to[0] = '\0';
	text_format(path, sizeof(path), "%s/%s.meta", corpus->folder, name);
	file = fopen(path, "r");
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (text_starts(line, key) && text_starts(line + strlen(key), ": "))
			text_copy(to, size, line + strlen(key) + 2);
	}
	fclose(file);
}

static bool is_covered(const char *format)
{
	static const char *const covered[] = {
		"uimage", "fit", "dtb", "zimage", "arm64-image", "squashfs", "gzip", "xz", "zip", "elf",
		/* update bundles, file systems, disks, archives */
		"swupdate", "mender", "rauc", "fip", "uefi-fv", "ubi", "ubifs", "jffs2", "cramfs", "ext2", "ext4", "fat", "iso9660", "gpt-disk",
		"mbr-disk", "egon-spl", "rockchip-idb", "imx-ivt", "ti-gp", "kwbimage", "pci-option-rom", "bzip2", "zstd", "lz4", "lzma", "tar", "cpio",
		"trx", "linksys-bin", "netgear-chk", "netgear-dni", "sercomm", "tplink-v1", "tplink-safeloader", "seama", "dlink-wrgg", "ubnt",
		"bcm963xx-imagetag", "zyxel-ras", "mikrotik-npk", "xiaomi-hdr1", "edimax", "senao", "openwrt-sysupgrade-tar",
		"bzimage", "pe-efi", "android-boot", "android-sparse", "xiongmai-zip", "dahua-zip", "reolink-pak", "ihex", "dfu-suffix", "dfuse",
		"uf2", "esp-image", "mcuboot",
	};

	for (size_t i = 0; i < sizeof(covered) / sizeof(covered[0]); i++)
		if (text_equal(covered[i], format))
			return true;
	return false;
}

static void inspect(const struct corpus *corpus, struct image_facts *facts)
{
	image_inspect(bytes_of(corpus->bytes, corpus->size), corpus->size, image_file_ops(), facts);
}

/* All names in the first column of a list of files that the shell would give as *.meta. */
static unsigned for_each_image(struct corpus *corpus, bool (*check)(struct corpus *corpus, const char *name))
{
	char command[500], name[300];
	unsigned bad = 0, seen = 0;
	FILE *list;

	text_format(command, sizeof(command), "cd '%s' && ls *.meta", corpus->folder);
	list = popen(command, "r");
	assert_non_null(list);
	while (fgets(name, sizeof(name), list) != NULL) {
		name[strcspn(name, "\n")] = '\0';
		name[strlen(name) - strlen(".meta")] = '\0';
		if (read_into(corpus, name, corpus->bytes, &corpus->size)) {
			seen++;
			bad += !check(corpus, name);
		}
	}
	pclose(list);
	assert_true(seen > 100);
	return bad;
}

static bool check_whole(struct corpus *corpus, const char *name)
{
	char format[64], also[200], arch[64], endian[16], boards[300], *board;
	struct image_facts facts;
	bool is_right = true;

	read_truth(corpus, name, "format", format, sizeof(format));
	read_truth(corpus, name, "format-also", also, sizeof(also));
	read_truth(corpus, name, "arch", arch, sizeof(arch));
	read_truth(corpus, name, "board/compatible", boards, sizeof(boards));
	inspect(corpus, &facts);
	if (facts.whole == IMAGE_NO)
		is_right = false;
	if (is_covered(format) ? !text_equal(facts.format, format)
			       : is_covered(facts.format) && !text_contains(also, facts.format))
		is_right = false;
	if (text_equal(format, "uimage") || text_equal(format, "fit"))
		is_right &= facts.arch[0] != '\0';
	/* a truth from a header that knows no byte order; what is inside does */
	read_truth(corpus, name, "endian", endian, sizeof(endian));
	if (facts.arch[0] != '\0' && arch[0] != '-' && image_arch_fits(facts.arch, arch) == IMAGE_NO &&
	    !(text_equal(endian, "-") && text_equal(arch, "mips") && text_equal(facts.arch, "mipsel")))
		is_right = false;
	if (!is_right)
		print_error("%s: %s (%s) %s, truth is %s %s: %s\n", name, facts.format, facts.title, facts.arch, format, arch,
			    facts.problems[0].what);
	if (text_equal(format, "dtb") || text_equal(format, "fit")) {
		board = strtok(boards, " ,;");
		if (board != NULL && board[0] != '-' && facts.board_count == 0) {
			print_error("%s: no board\n", name);
			is_right = false;
		}
	}
	return is_right;
}

static void whole_images_are_recognised_and_never_called_damaged(void **state)
{
	assert_int_equal(for_each_image(*state, check_whole), 0);
}

static bool check_every_prefix(struct corpus *corpus, const char *name)
{
	struct image_facts facts;
	size_t whole = corpus->size;

	for (size_t i = 0; i < 24; i++) {
		/* exactly sized memory, so that the sanitizer sees a byte too far */
		size_t size = i < 12 ? i * 7 : whole / 12 * (i - 11) - (i == 23);
		uint8_t *copy = malloc(size ? size : 1);

		assert_non_null(copy);
		if (size > whole)
			size = whole;
		memcpy(copy, corpus->bytes, size);
		image_inspect(bytes_of(copy, size), size, image_file_ops(), &facts);
		image_inspect(bytes_of(copy, size), whole, image_file_ops(), &facts);
		free(copy);
		/* only the head is in memory: that is no damage, and seldom an assurance */
		if (facts.whole == IMAGE_NO && size > 1024) {
			print_error("%s: the first %zu bytes: %s\n", name, size, facts.problems[0].what);
			return false;
		}
	}
	return true;
}

static void a_head_of_a_whole_image_is_not_called_damaged(void **state)
{
	assert_int_equal(for_each_image(*state, check_every_prefix), 0);
}

static void hole(struct corpus *corpus, size_t at, size_t count)
{
	memmove(corpus->bytes + at, corpus->bytes + at + count, corpus->size - at - count);
	corpus->size -= count;
}

static void text_mode(struct corpus *corpus)
{
	size_t size = 0;

	for (size_t i = 0; i < corpus->size && size + 2 < IMAGE_CEILING; i++) {
		if (corpus->bytes[i] == '\n')
			corpus->other[size++] = '\r';
		corpus->other[size++] = corpus->bytes[i];
	}
	memcpy(corpus->bytes, corpus->other, size);
	corpus->size = size;
}

/* As make_damaged.py does; false for what needs gzip. */
static bool damage(struct corpus *corpus, const char *op, const char *arg)
{
	unsigned long number = strtoul(arg, NULL, 10), second = strchr(arg, '.') ? strtoul(strchr(arg, '.') + 1, NULL, 10) : 0;
	static const char page[] = "<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>\n<body></body></html>\n";
	size_t more;

	if (text_equal(op, "truncate"))
		corpus->size = number;
	else if (text_equal(op, "cut_tail"))
		corpus->size -= number;
	else if (text_equal(op, "flip"))
		corpus->bytes[number] ^= (uint8_t)(1u << second);
	else if (text_equal(op, "zero_tail"))
		memset(corpus->bytes + number, 0, corpus->size - number);
	else if (text_equal(op, "ff_tail"))
		memset(corpus->bytes + number, 0xff, corpus->size - number);
	else if (text_equal(op, "hole"))
		hole(corpus, number, second);
	else if (text_equal(op, "textmode"))
		text_mode(corpus);
	else if (text_equal(op, "html")) {
		memcpy(corpus->bytes, page, sizeof(page) - 1);
		corpus->size = sizeof(page) - 1;
	} else if (text_equal(op, "concat") && read_into(corpus, arg, corpus->other, &more) && corpus->size + more <= IMAGE_CEILING) {
		memcpy(corpus->bytes + corpus->size, corpus->other, more);
		corpus->size += more;
	} else
		return false;
	return true;
}

/* Columns of damaged.tsv: variant base op arg whole told format damage. */
static unsigned split(char *line, char *columns[8])
{
	unsigned count = 0;

	line[strcspn(line, "\n")] = '\0';
	for (char *at = line; at != NULL && count < 8; count++) {
		columns[count] = at;
		at = strchr(at, '\t');
		if (at != NULL)
			*at++ = '\0';
	}
	return count;
}

/* Whose checksums are of what comes out. */
static bool needs_unpacking(const char *format)
{
	return image_file_ops()->unpack == NULL && (text_equal(format, "bzip2") || text_equal(format, "lzma") || text_equal(format, "zstd") ||
						    text_equal(format, "lz4"));
}

struct score {
	unsigned seen, told, assured;
};

static void check_damaged(struct corpus *corpus, char *columns[8], struct score *score)
{
	struct image_facts facts;
	bool is_told = text_equal(columns[5], "yes") && is_covered(columns[6]) && !text_equal(columns[6], "gzip") && !needs_unpacking(columns[6]);

	inspect(corpus, &facts);
	score->seen++;
	if (facts.whole == IMAGE_YES) {
		score->assured++;
		print_error("%s: called whole (%s), but %s\n", columns[0], facts.checked, columns[7]);
	} else if ((is_told || text_equal(columns[2], "html")) && facts.whole != IMAGE_NO)
		print_message("%s: not told: %s (%s)\n", columns[0], columns[7], facts.format);
	else if (is_told)
		score->told++;
}

static void a_damaged_image_is_never_called_whole(void **state)
{
	struct corpus *corpus = *state;
	struct score score = { 0 };
	char path[500], line[1000], *columns[8];
	FILE *list;

	text_format(path, sizeof(path), "%s/damaged.tsv", corpus->folder);
	list = fopen(path, "r");
	assert_non_null(list);
	while (fgets(line, sizeof(line), list) != NULL)
		if (split(line, columns) == 8 && text_equal(columns[4], "no") &&
		    read_into(corpus, columns[1], corpus->bytes, &corpus->size) && damage(corpus, columns[2], columns[3]))
			check_damaged(corpus, columns, &score);
	fclose(list);
	print_message("%u damaged images, %u told of those that can be told, %u wrongly called whole\n", score.seen, score.told,
		      score.assured);
	assert_true(score.seen > 300);
	assert_int_equal(score.assured, 0);
	assert_true(score.told > 90);
}

int main(void)
{
	const char *shared = getenv("UNBRICK_SHARED"), *source = getenv("srcdir");
	struct corpus corpus = { .bytes = malloc(IMAGE_CEILING), .other = malloc(IMAGE_CEILING) };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(whole_images_are_recognised_and_never_called_damaged, &corpus),
		cmocka_unit_test_prestate(a_head_of_a_whole_image_is_not_called_damaged, &corpus),
		cmocka_unit_test_prestate(a_damaged_image_is_never_called_whole, &corpus),
	};
	int result;

	if (shared != NULL)
		text_format(corpus.folder, sizeof(corpus.folder), "%s/corpus/images", shared);
	else
		text_format(corpus.folder, sizeof(corpus.folder), "%s/../shared/corpus/images", source ? source : ".");
	if (corpus.bytes == NULL || corpus.other == NULL || access(corpus.folder, R_OK) != 0) {
		fprintf(stderr, "SKIP: no folder '%s'; set UNBRICK_SHARED to one that has corpus/images\n", corpus.folder);
		result = 77;
	} else
		result = cmocka_run_group_tests(tests, NULL, NULL);
	free(corpus.bytes);
	free(corpus.other);
	return result;
}
