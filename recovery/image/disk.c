/* recovery/image/disk.c
 *
 * Disks and cards: a partition table, MBR or GPT, and in front of the first partition what the chip's boot ROM loads. The contents are
 * covered by what lies in them, if at all; of the GPT both tables have checksums.
 * Source: UEFI 2.10, chapter 5; the places of the loaders: U-Boot doc/board (allwinner/sunxi.rst, rockchip/rockchip.rst,
 * nxp/imx8mm_evk.rst, amlogic/boot-flow.rst, ti/am62x_sk.rst). */
#include <inttypes.h>

#include "recovery/image/fat.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	SECTOR = 512,
	MBR_TABLE = 446, MBR_ENTRY = 16, MBR_ENTRIES = 4,
	TYPE_EXTENDED = 0x05, TYPE_EXTENDED_LBA = 0x0f, TYPE_EXTENDED_LINUX = 0x85, TYPE_PROTECTIVE = 0xee,
	PARTITION_HEAD = 64 * 1024,
	LOADER_FIRST = 8 * 1024,
	PARTITIONS = 40,	/* that become parts */
	LOGICAL = 16,		/* partitions inside an extended one, followed */
	GPT_HEADER = 92,
	GPT_ENTRIES = 1024, GPT_ENTRY_MIN = 128, GPT_ENTRY_MAX = 4096,
	/* Behind the last partition of a card that was copied; more is not read only to see that nothing is there. */
	TAIL_READ = 4 * 1024 * 1024,
};

struct disk {
	const struct image_input *in;
	struct image_facts *facts;
	uint64_t first, furthest;	/* bytes: where the first partition begins and the last one ends */
	struct { uint64_t start, size; char name[40]; } partitions[PARTITIONS];
	unsigned count;
};

static void add_partition(struct disk *disk, uint64_t start, uint64_t size, const char *name)
{
	if (size == 0 || start > UINT64_MAX - size)
		return;
	if (start < disk->first)
		disk->first = start;
	if (start + size > disk->furthest)
		disk->furthest = start + size;
	if (disk->count == PARTITIONS)
		return;
	disk->partitions[disk->count].start = start;
	disk->partitions[disk->count].size = size;
	text_copy(disk->partitions[disk->count++].name, sizeof(disk->partitions[0].name), name);
}

/* What boot ROMs look for, in front of the first partition; asked of a format that knows itself there. */
extern const struct image_format image_format_amlogic, image_format_kwb, image_format_imx, image_format_imx_container, image_format_egon,
	image_format_toc0, image_format_stm32, image_format_rockchip, image_format_ti, image_format_uimage, image_format_fdt;

static const struct place { uint32_t at; const struct image_format *format; } places[] = {
	{ SECTOR, &image_format_amlogic }, { SECTOR, &image_format_kwb },
	{ 1024, &image_format_imx }, { 32 * 1024, &image_format_imx }, { 33 * 1024, &image_format_imx },
	{ 32 * 1024, &image_format_imx_container },
	{ LOADER_FIRST, &image_format_egon }, { 128 * 1024, &image_format_egon },
	{ LOADER_FIRST, &image_format_toc0 }, { 128 * 1024, &image_format_toc0 },
	{ 34 * SECTOR, &image_format_stm32 },
	{ 32 * 1024, &image_format_rockchip }, { 8 * 1024 * 1024, &image_format_fdt },
	{ 128 * 1024, &image_format_ti }, { 256 * 1024, &image_format_ti },
	{ 384 * 1024, &image_format_uimage }, { 384 * 1024, &image_format_fdt },
};

static bool is_at(const struct disk *disk, const struct place *place)
{
	uint64_t room = place->at < disk->first ? disk->first - place->at : 0;
	struct image_input at = { image_slice(disk->in, place->at, room), room, disk->in->ops, disk->in->depth + 1, false };

	return at.data.size > 0 && place->format->matches(&at);
}

static const struct place *find_loader(const struct disk *disk)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (places[i].at < 1024 * 1024 && is_at(disk, &places[i]))
			return &places[i];
	return NULL;
}

static void add_loaders(struct disk *disk)
{
	struct image_input in = *disk->in;

	if (disk->first < in.size)
		in.size = disk->first;
	if (in.data.size > in.size)
		in.data.size = (size_t)in.size;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (is_at(disk, &places[i]))
			image_add_rest(&in, disk->facts, places[i].at, "boot loader");
}

/* What begins empty is no file system yet: nothing is wrong with that. */
static bool begins_empty(const struct disk *disk, uint64_t start, uint64_t size)
{
	struct bytes head = image_slice(disk->in, start, size < PARTITION_HEAD ? size : PARTITION_HEAD);

	return image_padding(head) == head.size;
}

/* The loaders come first: of what is on a disk, what the chip starts says best which chip that is. */
static void look_inside(struct disk *disk)
{
	char label[64];

	add_loaders(disk);
	for (unsigned i = 0; i < disk->count; i++) {
		text_format(label, sizeof(label), "partition %u%s%s", i + 1, disk->partitions[i].name[0] != '\0' ? " " : "", disk->partitions[i].name);
		if (begins_empty(disk, disk->partitions[i].start, disk->partitions[i].size))
			image_add_row(disk->facts, disk->partitions[i].start, disk->partitions[i].size, label, "unknown");
		else
			image_add_part(disk->in, disk->facts, disk->partitions[i].start, disk->partitions[i].size, label);
	}
}

/* declared_size: up to the last partition. More than a little behind it stays unread, and untold. */
static void conclude(struct disk *disk)
{
	if (disk->furthest > disk->in->size)
		image_declare(disk->in, disk->facts, disk->furthest);
	else if (disk->in->size - disk->furthest <= TAIL_READ)
		disk->facts->declared_size = disk->furthest;
	disk->facts->is_padded_by_nature = true;
}

/* --- MBR --- */

/* A used entry begins with 00 or 80, and lies where no other one and no table is. */
static unsigned count_entries(const uint8_t *sector, bool *ret_is_gpt)
{
	unsigned used = 0;

	*ret_is_gpt = false;
	for (unsigned i = 0; i < MBR_ENTRIES; i++) {
		const uint8_t *entry = sector + MBR_TABLE + i * MBR_ENTRY;

		if (entry[0] != 0 && entry[0] != 0x80)
			return 0;
		if (entry[4] == 0)
			continue;
		/* isohybrid images begin with a partition at 0 */
		if (load_le32(entry + 12) == 0)
			return 0;
		*ret_is_gpt |= entry[4] == TYPE_PROTECTIVE;
		used++;
	}
	return used;
}

/* A card image may have no table at all: a loader where the boot ROM looks for it, and nothing before it. */
static bool is_without_table(const struct image_input *in)
{
	struct bytes sector = image_slice(in, 0, SECTOR);
	struct image_facts none = { 0 };
	struct disk disk = { .in = in, .facts = &none, .first = in->size };

	if (sector.size < SECTOR || sector.data[0] != 0 || image_padding(sector) != SECTOR || in->data.size < 2 * LOADER_FIRST)
		return false;
	return find_loader(&disk) != NULL;
}

static bool is_mbr(const struct image_input *in)
{
	struct bytes sector = image_slice(in, 0, SECTOR);
	bool is_gpt;

	return sector.size == SECTOR && sector.data[510] == 0x55 && sector.data[511] == 0xaa && !fat_is_boot_sector(sector) &&
	       count_entries(sector.data, &is_gpt) > 0;
}

static bool is_disk(const struct image_input *in)
{
	return is_mbr(in) || is_without_table(in);
}

/* Where tools put the first partition, for what there was once a table for. */
static void add_unlisted(struct disk *disk)
{
	static const uint32_t starts[] = { 1, 4, 8, 16 };	/* MiB */

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		uint64_t at = (uint64_t)starts[i] * 1024 * 1024;
		struct image_input there = { image_slice(disk->in, at, UINT64_MAX), disk->in->size - at, disk->in->ops, disk->in->depth + 1, false };
		const struct image_format *format = at < disk->in->data.size ? image_find_format(&there, false) : NULL;

		if (format == NULL || !(text_starts(format->word, "ext") || text_equal(format->word, "fat") || text_equal(format->word, "squashfs")))
			continue;
		image_add_rest(disk->in, disk->facts, at, "file system");
		return;
	}
}

static bool is_extended(uint8_t type)
{
	return type == TYPE_EXTENDED || type == TYPE_EXTENDED_LBA || type == TYPE_EXTENDED_LINUX;
}

/* A chain of tables: each has one partition, counted from its own place, and the next table, counted from the first. */
static void add_logical(struct disk *disk, uint64_t first)
{
	uint64_t table = first;

	for (unsigned i = 0; i < LOGICAL; i++) {
		struct bytes sector = image_slice(disk->in, table * SECTOR, SECTOR);
		const uint8_t *entry = sector.data + MBR_TABLE;
		uint64_t next;

		if (sector.size < SECTOR || sector.data[510] != 0x55 || sector.data[511] != 0xaa)
			return;
		if (entry[4] != 0)
			add_partition(disk, (table + load_le32(entry + 8)) * SECTOR, (uint64_t)load_le32(entry + 12) * SECTOR, "");
		next = first + load_le32(entry + MBR_ENTRY + 8);
		if (entry[MBR_ENTRY + 4] == 0 || next <= table)
			return;
		table = next;
	}
}

static void inspect_mbr(const struct image_input *in, struct image_facts *facts)
{
	struct disk disk = { .in = in, .facts = facts, .first = UINT64_MAX };

	if (!is_mbr(in)) {
		text_copy(facts->title, sizeof(facts->title), "disk image without a partition table");
		text_copy(facts->checked, sizeof(facts->checked), "what is known in it");
		image_problem(facts, 0, "its first sector is empty: it has no partition table");
		disk.first = in->size;
		add_loaders(&disk);
		add_unlisted(&disk);
		return;
	}
	text_copy(facts->checked, sizeof(facts->checked), "where its partitions end; nothing covers the contents");
	for (unsigned i = 0; i < MBR_ENTRIES; i++) {
		const uint8_t *entry = in->data.data + MBR_TABLE + i * MBR_ENTRY;
		uint64_t start = (uint64_t)load_le32(entry + 8) * SECTOR, size = (uint64_t)load_le32(entry + 12) * SECTOR;

		if (entry[4] == 0)
			continue;
		if (is_extended(entry[4])) {
			add_logical(&disk, load_le32(entry + 8));
			if (start + size > disk.furthest)
				disk.furthest = start + size;
		} else
			add_partition(&disk, start, size, "");
	}
	look_inside(&disk);
	conclude(&disk);
}

const struct image_format image_format_mbr = {
	.role = IMAGE_ROLE_PLAIN, .word = "mbr-disk", .title = "disk image (MBR)", .matches = is_disk, .inspect = inspect_mbr,
};

/* --- GPT --- */

static bool is_gpt(const struct image_input *in)
{
	return image_in_memory(in, 0, 2 * SECTOR) && memcmp(in->data.data + SECTOR, "EFI PART", 8) == 0;
}

struct gpt {
	uint64_t own, other, entries;	/* sectors */
	uint32_t count, entry_size, entries_crc;
};

/* The header at the sector; false, and what is wrong, when it is none. */
static const char *read_header(const struct image_input *in, uint64_t sector, struct gpt *gpt)
{
	struct bytes header = image_slice(in, sector * SECTOR, SECTOR);
	uint8_t copy[SECTOR];
	uint32_t size;

	if (header.size < SECTOR || memcmp(header.data, "EFI PART", 8) != 0)
		return "is missing";
	size = load_le32(header.data + 12);
	if (size < GPT_HEADER || size > SECTOR)
		return "has an impossible size";
	memcpy(copy, header.data, size);
	memset(copy + 16, 0, 4);
	if (image_crc32(in, bytes_of(copy, size)) != load_le32(header.data + 16))
		return "is damaged: its checksum does not match";
	*gpt = (struct gpt){ load_le64(header.data + 24), load_le64(header.data + 32), load_le64(header.data + 72),
			     load_le32(header.data + 80), load_le32(header.data + 84), load_le32(header.data + 88) };
	if (gpt->entry_size < GPT_ENTRY_MIN || gpt->entry_size > GPT_ENTRY_MAX || gpt->count == 0 || gpt->count > GPT_ENTRIES ||
	    gpt->entries > UINT64_MAX / SECTOR - GPT_ENTRIES)
		return "has an impossible table";
	return NULL;
}

static bool table_is_right(const struct image_input *in, const struct gpt *gpt)
{
	uint64_t size = (uint64_t)gpt->count * gpt->entry_size;

	if (!image_in_memory(in, gpt->entries * SECTOR, size))
		return in->size > in->data.size;	/* not seen */
	return image_crc32(in, image_slice(in, gpt->entries * SECTOR, size)) == gpt->entries_crc;
}

/* Names are 36 letters in UTF-16. */
static void add_entries(struct disk *disk, const struct gpt *gpt)
{
	for (uint32_t i = 0; i < gpt->count; i++) {
		struct bytes entry = image_slice(disk->in, gpt->entries * SECTOR + (uint64_t)i * gpt->entry_size, GPT_ENTRY_MIN);
		char name[37] = "";
		uint64_t first, last;

		if (entry.size < GPT_ENTRY_MIN)
			return;
		if (load_le64(entry.data) == 0 && load_le64(entry.data + 8) == 0)
			continue;
		first = load_le64(entry.data + 32);
		last = load_le64(entry.data + 40);
		if (first > last || last > UINT64_MAX / SECTOR - 1) {
			image_broken(disk->facts, gpt->entries * SECTOR, "its partition %" PRIu32 " ends before it begins", i + 1);
			continue;
		}
		for (unsigned letter = 0; letter < 36; letter++) {
			uint16_t code = load_le16(entry.data + 56 + 2 * letter);

			name[letter] = code >= ' ' && code < 127 ? (char)code : '\0';
		}
		add_partition(disk, first * SECTOR, (last - first + 1) * SECTOR, name);
	}
}

/* The copy is in the last sector: what was cut, or written to a larger card, shows there. */
static void check_backup(const struct image_input *in, struct image_facts *facts, const struct gpt *primary)
{
	struct gpt backup;
	const char *wrong;

	if (!image_in_memory(in, primary->other * SECTOR, SECTOR))
		return;
	wrong = read_header(in, primary->other, &backup);
	if (wrong == NULL && (backup.own != primary->other || backup.count != primary->count || backup.entries_crc != primary->entries_crc))
		wrong = "is not the same as the first one";
	if (wrong == NULL && !table_is_right(in, &backup))
		wrong = "is damaged: the checksum of its table does not match";
	if (wrong != NULL)
		image_broken(facts, primary->other * SECTOR, "its second partition table, at its end, %s", wrong);
}

/* Flashing tools write the table by itself, before the partitions: vendors have it as a file that ends in front of the first one. */
static bool is_table_alone(const struct disk *disk, const struct gpt *gpt)
{
	uint64_t end = gpt->entries * SECTOR + (uint64_t)gpt->count * gpt->entry_size;

	return disk->count > 0 && end <= disk->in->size && disk->in->size <= disk->first;
}

static void tell_table_alone(struct disk *disk)
{
	struct image_facts *facts = disk->facts;

	facts->declared_size = disk->in->size;
	text_copy(facts->title, sizeof(facts->title), "partition table (GPT)");
	text_copy(facts->checked, sizeof(facts->checked), "the checksums of the partition table");
	image_problem(facts, disk->in->size, "it ends behind the partition table, before the first partition: it is the table alone, or cut off");
}

static void inspect_gpt(const struct image_input *in, struct image_facts *facts)
{
	struct disk disk = { .in = in, .facts = facts, .first = UINT64_MAX };
	const char *wrong;
	struct gpt gpt;

	text_copy(facts->checked, sizeof(facts->checked), "both partition tables; nothing covers the contents");
	wrong = read_header(in, 1, &gpt);
	if (wrong != NULL) {
		image_broken(facts, SECTOR, "its partition table %s", wrong);
		return;
	}
	if (!table_is_right(in, &gpt))
		image_broken(facts, gpt.entries * SECTOR, "its partition table is damaged: the checksum does not match");
	add_entries(&disk, &gpt);
	look_inside(&disk);
	if (is_table_alone(&disk, &gpt)) {
		tell_table_alone(&disk);
		return;
	}
	if (gpt.other >= UINT64_MAX / SECTOR) {
		image_broken(facts, SECTOR + 32, "its partition table has an impossible end");
		return;
	}
	if ((gpt.other + 1) * SECTOR > disk.furthest)
		disk.furthest = (gpt.other + 1) * SECTOR;
	conclude(&disk);
	check_backup(in, facts, &gpt);
}

const struct image_format image_format_gpt = {
	.role = IMAGE_ROLE_PLAIN, .word = "gpt-disk", .title = "disk image (GPT)", .matches = is_gpt, .inspect = inspect_gpt,
};
