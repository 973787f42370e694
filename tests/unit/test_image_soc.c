/* Headers of boot ROMs that have a mark and a size, and seldom more. */
#include "recovery/image/format.h"
#include "tests/unit/image_media.h"

enum { CODE = 3000 };

/* Bytes that are neither code nor a format. */
static void add_payload(struct buffer *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		add_le(to, i * 7 + i / 256 + 1, 1);
}

static void add_digest(struct buffer *to, size_t at, const char *algorithm, size_t start, size_t end)
{
	assert_true(image_file_ops()->digest(NULL, algorithm, bytes_of(to->data + start, end - start), to->data + at) > 0);
}

static void make_sb(struct buffer *to)
{
	fill(to, 0, 20);
	add_text(to, "STMP\1\1");
	add_le(to, 0, 2);
	add_le(to, 3008 / 16, 4);
	fill(to, 0, 96);
	add_digest(to, 0, "sha1", 20, 96);
	add_payload(to, 3008 - 96);
}

static void make_pbl(struct buffer *to, bool is_power)
{
	add_be(to, 0xaa55aa55, 4);
	add_be(to, is_power ? 0x010e0100 : 0x01ee0100, 4);
	add_payload(to, 64);
	add_be(to, 0x09570200, 4);
	add_be(to, 0xffffffff, 4);
	for (unsigned i = 0; i < 20; i++) {
		add_be(to, 0x81000000 + i * 64, 4);
		add_payload(to, 64);
	}
	add_be(to, is_power ? 0x08138040 : 0x08610040, 4);
	add_be(to, image_crc32_msb(buffer_bytes(to)), 4);
}

static void make_power_pbl(struct buffer *to)
{
	make_pbl(to, true);
}

static void make_layerscape_pbl(struct buffer *to)
{
	make_pbl(to, false);
}

static void make_lpc32xx(struct buffer *to)
{
	for (unsigned i = 0; i < 12; i++)
		add_le(to, i % 2 == 0 ? (i < 4 ? 0x96 : 2) : (i < 4 ? 0x69 : 0xfd), 4);
	add_le(to, 0xaa, 4);
	fill(to, 0, 512);
	add_le(to, 0xaa, 4);
	fill(to, 0, 2048);
	add_payload(to, 20);
}

static void add_vectors(struct buffer *to, uint32_t size)
{
	for (unsigned i = 0; i < 7; i++)
		add_le(to, i == 5 ? size : i == 0 ? 0xea00000e : 0xe59ff014, 4);
	add_payload(to, size - 28);
}

static void make_at91(struct buffer *to)
{
	add_vectors(to, CODE);
}

static void make_nand_at91(struct buffer *to)
{
	for (unsigned i = 0; i < 52; i++)
		add_le(to, 0xc0902405, 4);
	add_vectors(to, CODE);
}

static void make_ais(struct buffer *to)
{
	add_le(to, 0x41504954, 4);
	add_le(to, 0x58535903, 4);
	add_le(to, 0x5853590d, 4);
	add_le(to, 2 << 16, 4);
	add_payload(to, 8);
	add_le(to, 0x58535902, 4);
	add_le(to, 0, 8);
	add_le(to, 0x58535901, 4);
	add_le(to, 0x80000000, 4);
	add_le(to, CODE, 4);
	add_payload(to, CODE);
	add_le(to, 0x58535906, 4);
	add_le(to, 0x80000000, 4);
}

static void make_starfive(struct buffer *to)
{
	add_le(to, 0x240, 4);
	add_le(to, 0x200000, 4);
	fill(to, 0, 644);
	add_le(to, 0x01010101, 4);
	add_le(to, CODE, 4);
	add_le(to, 1024, 4);
	fill(to, 0, 1024);
	add_payload(to, CODE);
	put_le32(to, 656, crc32_update(0, bytes_of(to->data + 1024, CODE)));
}

static void make_spkg(struct buffer *to)
{
	for (unsigned i = 0; i < 8; i++) {
		add_text(to, "RZN1\1");
		add_le(to, 0, 3);
		add_le(to, (CODE + 4) << 8, 4);
		add_le(to, 0x20040000, 8);
		add_le(to, crc32_update(0, bytes_of(to->data, 20)), 4);
	}
	add_payload(to, CODE);
	add_le(to, crc32_update(0, bytes_of(to->data + 192, CODE)), 4);
}

static void make_swapped_ti(struct buffer *to)
{
	add_be(to, 64, 4);
	add_be(to, 12, 4);
	fill(to, 0, 20);
	add(to, "ESHCNITT\0\0SG", 12);
	fill(to, 0xff, 512);
	add_be(to, CODE + 8, 4);
	add_be(to, 0x40300000, 4);
	add_payload(to, CODE);
}

static void make_zynqmp(struct buffer *to)
{
	enum { HEADER = 0x9c0, MANAGER = 0x200, TABLE = 0x1800, PARTITIONS = TABLE + 64, END = 0x2400 };
	uint32_t sum = 0;

	fill(to, 0, 0x20);
	add_le(to, 0xaa995566, 4);
	add_text(to, "XNLX");
	add_le(to, 0, 8);
	add_le(to, HEADER, 4);
	add_le(to, MANAGER, 4);
	add_le(to, MANAGER, 4);
	add_le(to, 0x800, 4);
	add_le(to, 0x800, 4);
	add_le(to, 0x800, 4);
	for (size_t i = 0x20; i < 0x48; i += 4)
		sum += load_le32(to->data + i);
	add_le(to, ~sum, 4);
	fill(to, 0, 0x98);
	add_le(to, TABLE, 4);
	fill(to, 0, HEADER);
	fill(to, 0x31, TABLE);
	add_le(to, 0x01020000, 4);
	add_le(to, 1, 4);
	add_le(to, PARTITIONS / 4, 4);
	fill(to, 0, PARTITIONS);
	add_le(to, 0x100, 4);
	add_le(to, 0x100, 4);
	add_le(to, 0x100, 4);
	add_le(to, END / 4, 4);		/* as if another one followed */
	fill(to, 0, PARTITIONS + 0x20);
	add_le(to, (END - 0x400) / 4, 4);
	fill(to, 0, PARTITIONS + 60);
	sum = 0;
	for (size_t i = PARTITIONS; i < PARTITIONS + 60; i += 4)
		sum += load_le32(to->data + i);
	add_le(to, ~sum, 4);
	fill(to, 0x32, END);
}

static const struct form {
	const char *name;
	void (*make)(struct buffer *);
	const char *format, *arch;
	enum image_answer whole;
} forms[] = {
	{ "i.MX28", make_sb, "mxs-sb", "arm", IMAGE_UNKNOWN },
	{ "QorIQ", make_power_pbl, "qoriq-pbl", "ppc", IMAGE_YES },
	{ "Layerscape", make_layerscape_pbl, "qoriq-pbl", "", IMAGE_YES },
	{ "LPC32xx", make_lpc32xx, "lpc32xx", "arm", IMAGE_UNKNOWN },
	{ "AT91", make_at91, "at91-boot", "arm", IMAGE_UNKNOWN },
	{ "AT91 for NAND", make_nand_at91, "at91-boot", "arm", IMAGE_UNKNOWN },
	{ "AIS", make_ais, "davinci-ais", "arm", IMAGE_UNKNOWN },
	{ "StarFive", make_starfive, "starfive-spl", "riscv64", IMAGE_YES },
	{ "RZ/N1", make_spkg, "renesas-spkg", "arm", IMAGE_YES },
	{ "TI, swapped", make_swapped_ti, "ti-gp", "arm", IMAGE_UNKNOWN },
	{ "Zynq UltraScale+", make_zynqmp, "zynq-boot", "arm64", IMAGE_UNKNOWN },
};

static void each_header_is_told_with_its_size(void **state)
{
	struct buffer *image = *state;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *form = &forms[i];
		struct image_facts facts;

		buffer_clear(image);
		form->make(image);
		facts = inspect(image);
		if (!text_equal(facts.format, form->format) || !text_equal(facts.arch, form->arch) || facts.whole != form->whole)
			fail_msg("%s: %s '%s' %s: %s", form->name, facts.format, facts.arch, image_answer_name(facts.whole), image_problem_text(&facts));
		if (!text_equal(form->format, "lpc32xx"))
			assert_cut_is_told(image);
		/* every prefix of it ends in an answer */
		for (size_t size = 0; size < image->size; size += 1 + size / 7)
			assert_int_not_equal(inspect_head(image, size, size).whole, IMAGE_YES);
	}
}

static void what_a_sum_covers_is_damaged_by_any_bit(void **state)
{
	struct buffer *image = *state;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (forms[i].whole != IMAGE_YES)
			continue;
		buffer_clear(image);
		forms[i].make(image);
		for (size_t at = 0; at < image->size; at++) {
			image->data[at] ^= 0x04;
			if (inspect(image).whole == IMAGE_YES)
				fail_msg("%s: byte %zu", forms[i].name, at);
			image->data[at] ^= 0x04;
		}
	}
}

static void a_digest_covers_the_header_of_an_imx28_image(void **state)
{
	struct buffer *image = *state;

	make_sb(image);
	image->data[50] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void the_pages_of_an_lpc32xx_image_may_count_its_header(void **state)
{
	struct buffer *image = *state;

	make_lpc32xx(image);
	assert_int_equal(inspect(image).declared_size, image->size);
	fill(image, 0x41, 2 * 2048 + 100);
	assert_int_equal(inspect(image).declared_size, image->size);
	image->size = 2048;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void a_keystone_header_must_have_the_size_of_the_file(void **state)
{
	struct buffer *image = *state;

	add_be(image, CODE, 4);
	add_be(image, 0x0c200000, 4);
	add_payload(image, CODE);
	assert_string_equal(inspect(image).format, "ti-gp");
	assert_string_equal(inspect(image).arch, "arm");
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	image->size--;
	assert_string_equal(inspect(image).format, "unknown");
}

static void a_davinci_loader_of_too_few_pages_is_cut_off(void **state)
{
	struct buffer *image = *state;

	add_le(image, 0xa1aced00, 4);
	add_le(image, 0x20, 4);
	add_le(image, 4, 4);
	fill(image, 0, 2048);
	assert_string_equal(inspect(image).format, "davinci-ubl");
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	image->size--;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(each_header_is_told_with_its_size),
		TEST(what_a_sum_covers_is_damaged_by_any_bit),
		TEST(a_digest_covers_the_header_of_an_imx28_image),
		TEST(the_pages_of_an_lpc32xx_image_may_count_its_header),
		TEST(a_keystone_header_must_have_the_size_of_the_file),
		TEST(a_davinci_loader_of_too_few_pages_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
