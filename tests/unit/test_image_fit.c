/* FIT images and device trees for the image inspector, made here node by node. */
#include "tests/unit/image_bytes.h"

/* By the pure parser alone: nothing is unpacked, no digest is computed. */
static struct image_facts inspect(const struct buffer *of)
{
	return inspect_bytes(NULL, of, of->size, of->size);
}

struct tree {
	struct buffer structure, strings;
};

static uint32_t string_at(struct tree *tree, const char *name)
{
	uint32_t at = (uint32_t)tree->strings.size;

	add(&tree->strings, name, strlen(name) + 1);
	return at;
}

static void align(struct buffer *to)
{
	while (to->size % 4 != 0)
		add(to, "", 1);
}

static void node(struct tree *tree, const char *name)
{
	add_be(&tree->structure, 1, 4);
	add(&tree->structure, name, strlen(name) + 1);
	align(&tree->structure);
}

static void end_node(struct tree *tree)
{
	add_be(&tree->structure, 2, 4);
}

static void property(struct tree *tree, const char *name, const void *value, size_t size)
{
	add_be(&tree->structure, 3, 4);
	add_be(&tree->structure, (uint32_t)size, 4);
	add_be(&tree->structure, string_at(tree, name), 4);
	add(&tree->structure, value, size);
	align(&tree->structure);
}

static void text(struct tree *tree, const char *name, const char *value)
{
	property(tree, name, value, strlen(value) + 1);
}

static void number(struct tree *tree, const char *name, uint32_t value)
{
	uint8_t raw[4];

	store_be32(raw, value);
	property(tree, name, raw, 4);
}

static void finish_tree(struct tree *tree, struct buffer *to)
{
	uint32_t size = (uint32_t)tree->structure.size + 4, strings = (uint32_t)tree->strings.size;
	const uint32_t header[10] = { 0xd00dfeed, 56 + size + strings, 56, 56 + size, 40, 17, 16, 0, strings, size };

	for (size_t i = 0; i < 10; i++)
		add_be(to, header[i], 4);
	fill(to, 0, to->size + 16);	/* an empty reserve map */
	add(to, tree->structure.data, tree->structure.size);
	add_be(to, 9, 4);
	add(to, tree->strings.data, tree->strings.size);
	buffer_done(&tree->structure);
	buffer_done(&tree->strings);
}

/* How Rockchip's makes them is told by "totalsize". */
static void add_fit_of(struct buffer *to, const char *algorithm, bool is_external, bool is_rockchips, struct bytes data)
{
	struct tree tree;

	buffer_init(&tree.structure, 100000);
	buffer_init(&tree.strings, 10000);
	node(&tree, "");
	text(&tree, "description", "gateway v3.1");
	if (is_rockchips)
		number(&tree, "totalsize", 4096);
	node(&tree, "images");
	node(&tree, "kernel-1");
	text(&tree, "type", "kernel");
	text(&tree, "arch", "arm64");
	if (is_external) {
		number(&tree, "data-offset", 0);
		number(&tree, "data-size", (uint32_t)data.size);
	} else
		property(&tree, "data", data.data, data.size);
	if (algorithm != NULL) {
		node(&tree, "hash-1");
		if (text_equal(algorithm, "crc16-ccitt"))
			property(&tree, "value", "\x31\xc3", 2);	/* of "123456789" */
		else
			number(&tree, "value", crc32_update(0, data));
		text(&tree, "algo", algorithm);
		end_node(&tree);
	}
	end_node(&tree);
	end_node(&tree);
	node(&tree, "configurations");
	node(&tree, "conf-1");
	property(&tree, "compatible", "acme,gw2\0acme,gw", 17);
	end_node(&tree);
	end_node(&tree);
	end_node(&tree);
	finish_tree(&tree, to);
	if (is_rockchips)
		fill(to, 0, (to->size + 511) / 512 * 512);
	if (is_external) {
		align(to);
		add(to, data.data, data.size);
	}
}

static void add_fit(struct buffer *to, const char *algorithm, bool is_external, struct bytes data)
{
	add_fit_of(to, algorithm, is_external, false, data);
}

static void a_fit_with_matching_hashes_is_whole(void **state)
{
	struct image_facts facts;

	add_fit(*state, "crc32", false, BYTES("kernel data"));
	facts = inspect(*state);
	assert_string_equal(facts.format, "fit");
	assert_string_equal(facts.arch, "arm64");
	assert_string_equal(facts.name, "gateway v3.1");
	assert_string_equal(facts.version, "3.1");
	assert_int_equal(facts.board_count, 2);
	assert_string_equal(facts.boards[0], "acme,gw2");
	assert_int_equal(facts.part_count, 1);
	assert_int_equal(facts.parts[0].whole, IMAGE_YES);
	assert_int_equal(facts.whole, IMAGE_YES);
}

static void the_short_crc_of_a_fit_is_compared(void **state)
{
	struct buffer *image = *state;
	uint8_t *digits;

	add_fit(image, "crc16-ccitt", false, BYTES("123456789"));
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	digits = memmem(image->data, image->size, "123456789", 9);
	assert_non_null(digits);
	digits[4] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void changed_data_in_a_fit_is_damage(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	add_fit(image, "crc32", false, BYTES("kernel data"));
	image->data[inspect(image).parts[0].offset + 3] ^= 1;
	facts = inspect(image);
	assert_int_equal(facts.whole, IMAGE_NO);
	assert_non_null(strstr(facts.problems[0].what, "kernel-1"));
}

static void data_behind_a_rockchip_fit_begins_at_a_block(void **state)
{
	struct buffer *image = *state;

	add_fit_of(image, "crc32", true, true, BYTES("kernel data, kernel data"));
	assert_int_equal(inspect(image).parts[0].offset % 512, 0);
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	image->data[image->size - 1] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->data[image->size - 1] ^= 1;
	image->size--;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void data_behind_a_fit_belongs_to_it(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	add_fit(image, "crc32", true, BYTES("kernel data, kernel data"));
	facts = inspect(image);
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_int_equal(facts.declared_size, image->size);
	image->size--;
	facts = inspect(image);
	assert_int_equal(facts.whole, IMAGE_NO);
	assert_non_null(strstr(facts.problems[0].what, "cut off"));
}

static void a_fit_whose_hash_cannot_be_computed_is_not_called_whole(void **state)
{
	add_fit(*state, "sha256", false, BYTES("kernel data"));
	assert_int_equal(inspect(*state).whole, IMAGE_UNKNOWN);
	buffer_clear(*state);
	add_fit(*state, NULL, false, BYTES("kernel data"));
	assert_int_equal(inspect(*state).whole, IMAGE_UNKNOWN);
}

static size_t fake_digest(void *user, const char *algorithm, struct bytes in, uint8_t ret_digest[IMAGE_DIGEST_SIZE])
{
	++*(unsigned *)user;
	store_be32(ret_digest, crc32_update(0, in));
	return text_equal(algorithm, "sha256") ? 4 : 0;
}

static void a_digest_from_outside_is_asked_for(void **state)
{
	unsigned asked = 0;
	struct image_ops ops = { .digest = fake_digest, .user = &asked };
	struct image_facts facts;

	add_fit(*state, "sha256", false, BYTES("kernel data"));
	image_inspect(buffer_bytes(*state), ((struct buffer *)*state)->size, &ops, &facts);
	assert_int_equal(asked, 1);
	assert_int_equal(facts.whole, IMAGE_YES);
}

static void every_prefix_of_a_fit_ends_in_a_clean_answer(void **state)
{
	struct buffer *image = *state;
	size_t whole;

	add_fit(image, "crc32", false, BYTES("kernel data"));
	whole = image->size;
	while (--image->size >= 4)
		assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->size = whole;
}

static void a_device_tree_names_its_board(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;
	struct tree tree;

	buffer_init(&tree.structure, 100000);
	buffer_init(&tree.strings, 10000);
	node(&tree, "");
	text(&tree, "compatible", "acme,cam1");
	text(&tree, "model", "Acme Cam 1");
	node(&tree, "cpus");
	node(&tree, "cpu@0");
	text(&tree, "compatible", "arm,cortex-a7");
	end_node(&tree);
	end_node(&tree);
	end_node(&tree);
	finish_tree(&tree, image);
	facts = inspect(image);
	assert_string_equal(facts.format, "dtb");
	assert_string_equal(facts.arch, "arm");
	assert_string_equal(facts.boards[0], "acme,cam1");
	assert_string_equal(facts.name, "Acme Cam 1");
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	add(image, "foreign", 7);
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

/* Nothing in the nodes shows it, but a boot loader reads the list of reserved memory before it reads them. */
static void a_device_tree_that_loaders_refuse_is_damaged(void **state)
{
	struct buffer *image = *state;
	struct tree tree;

	buffer_init(&tree.structure, 1000);
	buffer_init(&tree.strings, 1000);
	node(&tree, "");
	text(&tree, "compatible", "acme,cam1");
	end_node(&tree);
	finish_tree(&tree, image);
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	store_be32(image->data + 16, (uint32_t)image->size - 4);	/* off_mem_rsvmap */
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void the_processor_of_a_tree_tells_its_width(void **state)
{
	static const char *const names[][2] = {
		{ "qcom,kryo468", "arm64" }, { "arm,cortex-a77", "arm64" }, { "cavium,thunder2", "arm64" }, { "arm,cortex-a17", "arm" },
		{ "arm,cortex-a7", "arm" }, { "arm,cortex-a5", "arm" }, { "arm,cortex-a510", "arm64" }, { "arm,cortex-m7", "arm" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct tree tree;

		buffer_clear(*state);
		buffer_init(&tree.structure, 1000);
		buffer_init(&tree.strings, 1000);
		node(&tree, "");
		node(&tree, "cpus");
		node(&tree, "cpu@0");
		text(&tree, "compatible", names[i][0]);
		end_node(&tree);
		end_node(&tree);
		end_node(&tree);
		finish_tree(&tree, *state);
		assert_string_equal(inspect(*state).arch, names[i][1]);
	}
}

/* Older trees of PowerPC have no compatible there. */
static void a_processor_may_be_named_by_its_model(void **state)
{
	struct tree tree;

	buffer_init(&tree.structure, 100000);
	buffer_init(&tree.strings, 10000);
	node(&tree, "");
	text(&tree, "compatible", "acme,box");
	node(&tree, "cpus");
	node(&tree, "cpu@0");
	text(&tree, "model", "PowerPC,440EP");
	end_node(&tree);
	end_node(&tree);
	end_node(&tree);
	finish_tree(&tree, *state);
	assert_string_equal(inspect(*state).arch, "ppc");
}

/* Deeper than any stack: nodes that never end. */
static void a_bottomless_device_tree_is_refused(void **state)
{
	struct tree tree;

	buffer_init(&tree.structure, 1000000);
	buffer_init(&tree.strings, 10000);
	for (int i = 0; i < 10000; i++)
		node(&tree, "a");
	finish_tree(&tree, *state);
	assert_int_equal(inspect(*state).whole, IMAGE_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fit_with_matching_hashes_is_whole),
		TEST(the_short_crc_of_a_fit_is_compared),
		TEST(changed_data_in_a_fit_is_damage),
		TEST(data_behind_a_rockchip_fit_begins_at_a_block),
		TEST(data_behind_a_fit_belongs_to_it),
		TEST(a_fit_whose_hash_cannot_be_computed_is_not_called_whole),
		TEST(a_digest_from_outside_is_asked_for),
		TEST(every_prefix_of_a_fit_ends_in_a_clean_answer),
		TEST(a_device_tree_names_its_board),
		TEST(a_device_tree_that_loaders_refuse_is_damaged),
		TEST(the_processor_of_a_tree_tells_its_width),
		TEST(a_processor_may_be_named_by_its_model),
		TEST(a_bottomless_device_tree_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
