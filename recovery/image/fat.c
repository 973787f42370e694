/* recovery/image/fat.c
 *
 * FAT12, FAT16, FAT32: the boot partition of single-board computers. Its files lie in it as they are, so kernels and device trees
 * in the first folder become parts. It has no checksum.
 * Source: Microsoft "FAT: General Overview of On-Disk Format" 1.03; UEFI 2.10, 3.5.1.1 (names of EFI boot loaders). */
#include "recovery/image/fat.h"

#include <inttypes.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	SECTOR_MIN = 512,
	ENTRY = 32,
	ATTR_LONG_NAME = 0x0f, ATTR_LABEL = 8, ATTR_FOLDER = 0x10,
	ENTRIES = 4096,		/* of a folder, looked at */
	CHAIN = 1 << 20,	/* clusters followed, all files together */
	FILES = 40,		/* that become parts */
	LONG_NAME = 5 * 13,	/* letters kept */
};

struct fat {
	const struct image_input *in;
	struct image_facts *facts;
	uint32_t sector, cluster;		/* bytes */
	uint64_t table, root, data;		/* places in the input; root of FAT12 and 16 */
	uint32_t root_size, root_cluster, clusters;
	unsigned bits;
	unsigned budget, files;
	char kernel_arch[12];
	bool is_mixed;				/* kernels for different processors */
};

struct file {
	char name[LONG_NAME + 1];
	uint8_t attributes;
	uint32_t cluster, size;
};

bool fat_is_boot_sector(struct bytes sector)
{
	const uint8_t *boot = sector.data;
	uint16_t size;

	if (sector.size < SECTOR_MIN || boot[510] != 0x55 || boot[511] != 0xaa || (boot[0] != 0xeb && boot[0] != 0xe9 && boot[0] != 0))
		return false;
	size = load_le16(boot + 11);
	return size >= SECTOR_MIN && size <= 4096 && (size & (size - 1)) == 0 && boot[13] != 0 && (boot[13] & (boot[13] - 1)) == 0 &&
	       load_le16(boot + 14) > 0 && (boot[16] == 1 || boot[16] == 2) && (boot[21] == 0xf0 || boot[21] >= 0xf8) &&
	       (load_le16(boot + 19) != 0 || load_le32(boot + 32) != 0) && (load_le16(boot + 22) != 0 || load_le32(boot + 36) != 0);
}

static bool matches(const struct image_input *in)
{
	return fat_is_boot_sector(image_slice(in, 0, SECTOR_MIN));
}

static uint64_t total_size(const uint8_t *boot)
{
	uint32_t sectors = load_le16(boot + 19) != 0 ? load_le16(boot + 19) : load_le32(boot + 32);

	return (uint64_t)sectors * load_le16(boot + 11);
}

/* The number of clusters alone decides which FAT it is. */
static bool open_fat(const struct image_input *in, struct image_facts *facts, struct fat *fat)
{
	const uint8_t *boot = in->data.data;
	uint32_t table_sectors = load_le16(boot + 22) != 0 ? load_le16(boot + 22) : load_le32(boot + 36);
	uint64_t total = total_size(boot);

	*fat = (struct fat){ .in = in, .facts = facts, .sector = load_le16(boot + 11), .budget = CHAIN };
	fat->cluster = fat->sector * boot[13];
	fat->table = (uint64_t)load_le16(boot + 14) * fat->sector;
	fat->root = fat->table + (uint64_t)boot[16] * table_sectors * fat->sector;
	fat->root_size = load_le16(boot + 17) * ENTRY;
	fat->data = fat->root + (fat->root_size + fat->sector - 1) / fat->sector * fat->sector;
	if (fat->data >= total)
		return false;
	fat->clusters = (uint32_t)((total - fat->data) / fat->cluster);
	fat->bits = fat->clusters < 4085 ? 12 : fat->clusters < 65525 ? 16 : 32;
	fat->root_cluster = fat->bits == 32 ? load_le32(boot + 44) : 0;
	return true;
}

static bool is_cluster(const struct fat *fat, uint32_t cluster)
{
	return cluster >= 2 && cluster - 2 < fat->clusters;
}

static uint64_t place_of(const struct fat *fat, uint32_t cluster)
{
	return fat->data + (uint64_t)(cluster - 2) * fat->cluster;
}

/* The one behind in the chain; 0: the end, or not in memory. */
static uint32_t next_cluster(struct fat *fat, uint32_t cluster)
{
	uint64_t at = fat->table + (fat->bits == 32 ? (uint64_t)cluster * 4 : fat->bits == 16 ? (uint64_t)cluster * 2 : cluster + cluster / 2);
	struct bytes entry = image_slice(fat->in, at, fat->bits == 32 ? 4 : 2);
	uint32_t next;

	if (fat->budget == 0 || entry.size < (fat->bits == 32 ? 4u : 2u))
		return 0;
	fat->budget--;
	if (fat->bits == 32)
		next = load_le32(entry.data) & 0x0fffffff;
	else if (fat->bits == 16)
		next = load_le16(entry.data);
	else
		next = cluster % 2 ? load_le16(entry.data) >> 4 : load_le16(entry.data) & 0xfff;
	return is_cluster(fat, next) ? next : 0;
}

/* How many bytes of the file lie behind each other from its start. */
static uint64_t run_length(struct fat *fat, const struct file *file)
{
	uint32_t cluster = file->cluster, next;
	uint64_t run = fat->cluster;

	while (run < file->size && (next = next_cluster(fat, cluster)) == cluster + 1) {
		cluster = next;
		run += fat->cluster;
	}
	return run < file->size ? run : file->size;
}

/* Of a long name each entry has 13 letters in UTF-16, the last part first. */
static void take_long_name(const uint8_t *entry, char name[LONG_NAME + 1])
{
	static const uint8_t places[] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };
	unsigned part = entry[0] & 0x1f;

	if (entry[0] & 0x40)
		memset(name, 0, LONG_NAME + 1);
	for (unsigned i = 0; part >= 1 && part <= LONG_NAME / 13 && i < 13; i++) {
		uint16_t letter = load_le16(entry + places[i]);

		name[(part - 1) * 13 + i] = letter == 0 || letter == 0xffff ? '\0' : letter >= ' ' && letter < 127 ? (char)letter : '.';
	}
}

static void take_short_name(const uint8_t *entry, char *name, size_t size)
{
	char base[9], extension[4];

	image_text(base, sizeof(base), bytes_of(entry, 8));
	image_text(extension, sizeof(extension), bytes_of(entry + 8, 3));
	text_format(name, size, "%s%s%s", base, extension[0] != '\0' ? "." : "", extension);
}

struct folder {
	uint32_t cluster;	/* 0: the root of FAT12 and 16 */
	uint64_t at, end;
	unsigned entries;
	char long_name[LONG_NAME + 1];
};

static void open_folder(const struct fat *fat, uint32_t cluster, struct folder *folder)
{
	*folder = (struct folder){ .cluster = cluster };
	folder->at = cluster == 0 ? fat->root : place_of(fat, cluster);
	folder->end = cluster == 0 ? fat->root + fat->root_size : folder->at + fat->cluster;
}

/* The next file or folder in it. */
static bool next_file(struct fat *fat, struct folder *folder, struct file *ret_file)
{
	while (folder->entries++ < ENTRIES) {
		struct bytes entry;

		if (folder->at >= folder->end) {
			uint32_t next = folder->cluster != 0 ? next_cluster(fat, folder->cluster) : 0;

			if (next == 0)
				return false;
			folder->cluster = next;
			folder->at = place_of(fat, next);
			folder->end = folder->at + fat->cluster;
		}
		entry = image_slice(fat->in, folder->at, ENTRY);
		folder->at += ENTRY;
		if (entry.size < ENTRY || entry.data[0] == 0)
			return false;
		if (entry.data[0] == 0xe5)
			continue;
		ret_file->attributes = entry.data[11];
		if (ret_file->attributes == ATTR_LONG_NAME) {
			take_long_name(entry.data, folder->long_name);
			continue;
		}
		if (folder->long_name[0] != '\0')
			text_copy(ret_file->name, sizeof(ret_file->name), folder->long_name);
		else
			take_short_name(entry.data, ret_file->name, sizeof(ret_file->name));
		memset(folder->long_name, 0, sizeof(folder->long_name));
		ret_file->cluster = load_le16(entry.data + 26) | (fat->bits == 32 ? (uint32_t)load_le16(entry.data + 20) << 16 : 0);
		ret_file->size = load_le32(entry.data + 28);
		return true;
	}
	return false;
}

static bool is_kernel(const char *format)
{
	static const char *const kernels[] = { "arm64-image", "zimage", "bzimage", "uimage", "fit", "pe-efi", "riscv-image" };

	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++)
		if (text_equal(kernels[i], format))
			return true;
	return false;
}

/* A card for several boards has kernels for several processors; then none is told. Device trees only say what the board could run. */
static void take_kernel(struct fat *fat, const struct image_part *part)
{
	if (part->arch[0] == '\0' || !is_kernel(part->format))
		return;
	fat->is_mixed |= fat->kernel_arch[0] != '\0' && !text_equal(fat->kernel_arch, part->arch);
	text_copy(fat->kernel_arch, sizeof(fat->kernel_arch), part->arch);
}

/* All of it when it lies in one piece; else its beginning. */
static void look_at_file(struct fat *fat, const struct file *file)
{
	char arch[sizeof(fat->facts->arch)];
	struct image_input in = *fat->in, at;
	struct image_part *part;
	uint64_t run, place;

	if ((file->attributes & (ATTR_LABEL | ATTR_FOLDER)) || !is_cluster(fat, file->cluster) || file->size == 0 || fat->files == FILES)
		return;
	run = run_length(fat, file);
	place = place_of(fat, file->cluster);
	if (place + run < in.data.size)
		in.data.size = (size_t)(place + run);
	at = (struct image_input){ image_slice(&in, place, run), file->size, in.ops, in.depth + 1, false };
	if (at.data.size == 0 || image_find_format(&at, false) == NULL)
		return;
	text_copy(arch, sizeof(arch), fat->facts->arch);
	part = image_add_part(&in, fat->facts, place, file->size, file->name);
	fat->files++;
	if (part != NULL)
		take_kernel(fat, part);
	if (part == NULL || text_equal(part->format, "elf"))	/* firmware for the other processors in the chip */
		text_copy(fat->facts->arch, sizeof(fat->facts->arch), arch);
}

static uint32_t find_folder(struct fat *fat, uint32_t cluster, const char *name)
{
	struct folder folder;
	struct file file;

	open_folder(fat, cluster, &folder);
	while (next_file(fat, &folder, &file))
		if ((file.attributes & ATTR_FOLDER) && strcasecmp(file.name, name) == 0)
			return is_cluster(fat, file.cluster) ? file.cluster : 0;
	return 0;
}

/* EFI/BOOT/BOOTAA64.EFI: the name says for which processor. */
static void look_for_efi(struct fat *fat)
{
	static const struct { const char *name, *arch; } loaders[] = {
		{ "BOOTAA64.EFI", "arm64" }, { "BOOTX64.EFI", "x86_64" }, { "BOOTARM.EFI", "arm" }, { "BOOTIA32.EFI", "x86" },
		{ "BOOTRISCV64.EFI", "riscv64" },
	};
	uint32_t efi = find_folder(fat, fat->root_cluster, "EFI"), boot = efi != 0 ? find_folder(fat, efi, "BOOT") : 0;
	struct folder folder;
	struct file file;

	if (boot == 0)
		return;
	open_folder(fat, boot, &folder);
	while (next_file(fat, &folder, &file))
		for (size_t i = 0; i < ARRAY_SIZE(loaders); i++)
			if (strcasecmp(file.name, loaders[i].name) == 0 && fat->kernel_arch[0] == '\0')
				text_copy(fat->kernel_arch, sizeof(fat->kernel_arch), loaders[i].arch);
}

static void look_inside(struct fat *fat)
{
	struct folder folder;
	struct file file;

	if (fat->bits == 32 && !is_cluster(fat, fat->root_cluster))
		return;
	open_folder(fat, fat->root_cluster, &folder);
	while (next_file(fat, &folder, &file)) {
		if (file.attributes & ATTR_LABEL && !(file.attributes & ATTR_FOLDER))
			text_copy(fat->facts->name, sizeof(fat->facts->name), file.name);
		look_at_file(fat, &file);
	}
	look_for_efi(fat);
	if (fat->is_mixed)
		fat->facts->arch[0] = '\0';
	else if (fat->kernel_arch[0] != '\0')
		text_copy(fat->facts->arch, sizeof(fat->facts->arch), fat->kernel_arch);
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct fat fat;

	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	facts->is_padded_by_nature = true;
	if (!open_fat(in, facts, &fat)) {
		image_broken(facts, 11, "its boot sector is damaged: its tables are larger than it is");
		return;
	}
	text_format(facts->title, sizeof(facts->title), "FAT%u file system", fat.bits);
	image_declare(in, facts, total_size(in->data.data));
	/* the first entry repeats the kind of medium */
	if (image_in_memory(in, fat.table, 1) && in->data.data[fat.table] != in->data.data[21])
		image_problem(facts, fat.table, "its allocation table does not begin as it should: it begins with 0x%02x, expected 0x%02x",
			      in->data.data[fat.table], in->data.data[21]);
	look_inside(&fat);
}

const struct image_format image_format_fat = {
	.role = IMAGE_ROLE_PLAIN, .word = "fat", .title = "FAT file system", .matches = matches, .inspect = inspect,
};
