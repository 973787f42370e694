/* recovery/image/esp_flash.c
 *
 * What esptool merges for the flash of an ESP32 and its successors: boot loader, partition table, applications. It begins with the flash, so
 * that the loader stands where the chip's boot ROM looks for it.
 * Source: esptool documentation, "merge-bin"; ESP-IDF "Partition Tables" (place and form), esp_flash_partitions.h. */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	TABLE = 0x8000, TABLE_SIZE = 0xc00,
	ENTRY = 32, ENTRY_AT_TYPE = 2, ENTRY_AT_OFFSET = 4, ENTRY_AT_NAME = 12, ENTRY_NAME = 16,
	ENTRY_DIGEST = 16,	/* in an entry with another mark */
	TYPE_APPLICATION = 0,
	LOADER_MAGIC = 0xe9,
};

static bool has_mark(struct bytes entry, const char *mark)
{
	return entry.size >= ENTRY && memcmp(entry.data, mark, 2) == 0;
}

/* Where the loader begins: each family has its place. UINT64_MAX: at none of them. */
static uint64_t find_loader(const struct image_input *in)
{
	static const uint16_t places[] = { 0, 0x1000, 0x2000 };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (image_in_memory(in, places[i], 1) && in->data.data[places[i]] == LOADER_MAGIC &&
		    (places[i] == 0 || (in->data.data[0] == 0xff && image_padding(image_slice(in, 0, places[i])) == places[i])))
			return places[i];
	return UINT64_MAX;
}

static bool matches(const struct image_input *in)
{
	struct bytes first = image_slice(in, TABLE, ENTRY);

	return has_mark(first, "\xaa\x50") && load_le32(first.data + ENTRY_AT_OFFSET) > TABLE && find_loader(in) != UINT64_MAX;
}

/* Only what begins like a program: a slot for an update may be empty, and the file end before it. */
static void add_application(const struct image_input *in, struct image_facts *facts, struct bytes entry)
{
	uint64_t at = load_le32(entry.data + ENTRY_AT_OFFSET);
	char name[ENTRY_NAME + 1];

	if (entry.data[ENTRY_AT_TYPE] != TYPE_APPLICATION || !image_in_memory(in, at, 1) || in->data.data[at] != LOADER_MAGIC)
		return;
	image_text(name, sizeof(name), bytes_of(entry.data + ENTRY_AT_NAME, ENTRY_NAME));
	(void)image_add_rest(in, facts, at, name);
}

static void read_table(const struct image_input *in, struct image_facts *facts)
{
	for (uint64_t at = TABLE; at < TABLE + TABLE_SIZE; at += ENTRY) {
		struct bytes entry = image_slice(in, at, ENTRY), before = image_slice(in, TABLE, at - TABLE);

		if (has_mark(entry, "\xaa\x50")) {
			add_application(in, facts, entry);
			continue;
		}
		if (has_mark(entry, "\xeb\xeb"))
			(void)image_compare_digest(in, facts, "md5", &before, 1, TABLE, "its partition table",
						   bytes_of(entry.data + ENTRY_DIGEST, IMAGE_MD5_SIZE));
		else if (entry.size == ENTRY && image_padding(entry) < ENTRY)
			image_broken(facts, at, "its partition table is damaged: there is no entry at byte %" PRIu64, at);
		return;
	}
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	uint64_t loader = find_loader(in);

	text_copy(facts->checked, sizeof(facts->checked), "the programs in it, each by itself");
	image_add_part(in, facts, loader, TABLE - loader, "boot loader");
	image_add_row(facts, TABLE, TABLE_SIZE, "partition table", "unknown");
	read_table(in, facts);
}

const struct image_format image_format_esp_flash = {
	.word = "esp-image", .title = "Espressif flash image", .matches = matches, .inspect = inspect,
};
