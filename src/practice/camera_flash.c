/* What is in the camera's SPI NOR: made new, broken in the manner of a kind, and judged. */
#include "src/base/cleanup.h"
#include "src/base/crc.h"
#include "src/base/text.h"
#include "src/practice/camera.h"
#include "src/practice/practice_device.h"

enum {
	LOADER_USED = 0x2a000,
	KERNEL_PAYLOAD = 1258000,
	ROOTFS_USED = 2460000,
	SQUASHFS_SUPERBLOCK = 96,	/* Linux fs/squashfs/squashfs_fs.h */
	ROOTFS_MARK = 8,		/* "PCRC" and the checksum, behind the superblock */
	TABLE_ROOM = 1024, TABLE_SIZE = 1000, TABLE_STORED = 0x8000,
	IMAGE_TIME = 1700000000,
	ARCH_ARM = 2, ARCH_AARCH64 = 22,	/* U-Boot include/image.h */
};

/* ---- pseudo-random content ---- */

uint64_t random_next(uint64_t *state)	/* splitmix64, Steele, Lea, Flood 2014 */
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void random_fill(uint8_t *to, size_t size, uint64_t seed)
{
	for (size_t i = 0; i < size; i += 8) {
		uint64_t more = random_next(&seed);

		memcpy(to + i, &more, size - i < 8 ? size - i : 8);
	}
}

static void store_le(uint8_t *to, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

/* ---- the parts ---- */

struct release {
	const char *name, *key;
	uint8_t arch;
	uint64_t seed;
};

/* The payload stands in the kernel's own place while the header is put before it: to has KERNEL_SIZE bytes. */
static void make_kernel(uint8_t *to, const struct release *release)
{
	struct uimage header = {
		.time = IMAGE_TIME, .load = 0x40008000, .entry = 0x40008000, .os = 5, .arch = release->arch, .type = 2,
	};
	uint8_t *payload = to + UIMAGE_HEADER;

	memset(to, 0xff, KERNEL_SIZE);
	memcpy(header.name, release->name, strnlen(release->name, 32));
	random_fill(payload, KERNEL_PAYLOAD, release->seed);
	if (release->arch == ARCH_ARM) {
		store_le(payload + 0x24, 0x016f2818, 4);	/* zImage's magic, where it starts and ends */
		store_le(payload + 0x28, 0, 4);
		store_le(payload + 0x2c, KERNEL_PAYLOAD, 4);
	} else {
		memcpy(payload + 56, "ARM\x64", 4);		/* Linux Documentation/arm64/booting */
	}
	uimage_write(to, &header, bytes_of(payload, KERNEL_PAYLOAD), release->key);
}

static uint32_t rootfs_checksum(const uint8_t *at, uint64_t used)
{
	uint32_t crc = crc32_update(0, bytes_of(at, SQUASHFS_SUPERBLOCK));
	size_t head = SQUASHFS_SUPERBLOCK + ROOTFS_MARK;

	return crc32_update(crc, bytes_of(at + head, (size_t)used - head));
}

/* The tables stand at the end, each one metadata block: its length, then the content. The last three are reached through a list of
 * their blocks (squashfs_fs.h). */
static void make_tables(uint8_t *to, uint32_t used)
{
	static const struct { unsigned place; bool has_list; } tables[] = {
		{ 64, false }, { 72, false }, { 80, true }, { 88, true }, { 48, true },	/* inodes, directories, fragments, export, ids */
	};

	store_le(to + 56, UINT64_MAX, 8);	/* no extended attributes */
	for (unsigned i = 0; i < ARRAY_SIZE(tables); i++) {
		uint32_t block = used - TABLE_ROOM * (uint32_t)(ARRAY_SIZE(tables) - i), list = block + 2 + TABLE_SIZE;

		store_le(to + block, TABLE_STORED | TABLE_SIZE, 2);
		if (tables[i].has_list)
			store_le(to + list, block, 8);
		store_le(to + tables[i].place, tables[i].has_list ? list : block, 8);
	}
}

static void make_rootfs(uint8_t *to, const struct release *release)
{
	uint8_t *mark = to + SQUASHFS_SUPERBLOCK;
	uint32_t used = ROOTFS_USED + (uint32_t)(release->seed % 97) * 16;

	memset(to, 0xff, ROOTFS_SIZE);
	random_fill(to, used, release->seed + 1);
	memset(to, 0, SQUASHFS_SUPERBLOCK);
	memcpy(to, "hsqs", 4);
	store_le(to + 4, 112, 4);		/* inodes */
	store_le(to + 8, IMAGE_TIME, 4);
	store_le(to + 12, 131072, 4);		/* block size */
	store_le(to + 16, 31, 4);		/* fragments */
	store_le(to + 20, 4, 2);		/* xz */
	store_le(to + 22, 17, 2);
	store_le(to + 26, 1, 2);		/* ids */
	store_le(to + 28, 4, 2);		/* version 4.0 */
	store_le(to + 32, 600, 8);		/* root inode: where it is in the first block */
	store_le(to + 40, used, 8);
	make_tables(to, used);
	memcpy(mark, "PCRC", 4);
	store_be32(mark + 4, rootfs_checksum(to, used));
}

static void make_loader(uint8_t *to, uint64_t seed)
{
	memset(to, 0xff, LOADER_SIZE);
	random_fill(to, LOADER_USED, seed + 2);
	memcpy(to, "PCBL", 4);
	store_be32(to + 4, LOADER_USED);
	text_copy((char *)to + 16, 64, "U-Boot 2022.04-practice");
	store_be32(to + 8, crc32_update(0, bytes_of(to + 12, LOADER_USED - 12)));
}

static void add_file(struct data_files *files, const char *name, uint64_t size)
{
	struct data_file *file = &files->file[files->count++];

	text_copy(file->name, sizeof(file->name), name);
	file->size = (uint32_t)size;
}

static void make_data(struct flash *flash)
{
	struct data_files files = { 0 };

	memset(flash->data + DATA_OFFSET, 0xff, DATA_SIZE);
	add_file(&files, "config/camera.conf", 1187);
	add_file(&files, "config/network.conf", 412);
	add_file(&files, "log/boot.log", 7930);
	add_file(&files, "log/events.log", 24110);
	data_store(flash, &files);
}

static struct release vendor_release(uint64_t seed)
{
	return (struct release){ .name = "pcam1 firmware 1.3.0", .arch = ARCH_ARM, .seed = seed * 1000 + 130 };
}

void flash_make(struct flash *flash, uint8_t *image, uint64_t seed)
{
	struct release release = vendor_release(seed);
	struct env env = { 0 };

	make_kernel(image, &release);
	make_rootfs(image + KERNEL_SIZE, &release);
	memset(flash->worn, 0, sizeof(flash->worn));
	make_loader(flash->data + LOADER_OFFSET, seed);
	memcpy(flash->data + KERNEL_OFFSET, image, IMAGE_SIZE);
	env_factory(&env);
	env_store(&env, flash->data + ENV_OFFSET);
	make_data(flash);
}

/* ---- the kinds ---- */

typedef void breaker(struct flash *flash, uint64_t seed);

static void break_byte(struct flash *flash, uint64_t seed)
{
	uint64_t at = UIMAGE_HEADER + 4096 + random_next(&seed) % (KERNEL_PAYLOAD - 8192);

	flash->data[KERNEL_OFFSET + at] ^= (uint8_t)(1 + random_next(&seed) % 255);
}

static void cut_kernel(struct flash *flash, uint64_t seed)
{
	size_t at = KERNEL_PAYLOAD / 10 * 6 + random_next(&seed) % 4096;

	memset(flash->data + KERNEL_OFFSET + at, 0xff, KERNEL_SIZE - at);
}

/* Erasing runs ahead of writing: when the plug is pulled there is new, a gap, then what was there before. */
static void interrupt_update(struct flash *flash, uint64_t seed)
{
	struct release old = { .name = "pcam1 firmware 1.2.0", .arch = ARCH_ARM, .seed = seed * 1000 + 120 };
	size_t written = 0x80000 + random_next(&seed) % 0x8000;
	size_t erased_to = 0xa0000;
	uint8_t *kernel = flash->data + KERNEL_OFFSET;
	uint8_t front[0x90000];

	memcpy(front, kernel, written);
	make_kernel(kernel, &old);
	make_rootfs(flash->data + ROOTFS_OFFSET, &old);
	memcpy(kernel, front, written);
	memset(kernel + written, 0xff, erased_to - written);
}

static void put_env(struct flash *flash, const char *name, const char *value)
{
	struct env env = { 0 };

	env_load(&env, flash->data + ENV_OFFSET);
	env_set(&env, name, value);
	env_store(&env, flash->data + ENV_OFFSET);
}

static void interrupt_retrying(struct flash *flash, uint64_t seed)
{
	interrupt_update(flash, seed);
	put_env(flash, "bootcmd", "sf probe 0; sf read 0x42000000 0x50000 0x200000; bootm 0x42000000 || fwretry");
	put_env(flash, "update_state", "writing");
}

static void put_other_camera(struct flash *flash, uint64_t seed)
{
	struct release other = { .name = "pcam2 firmware 1.3.0", .arch = ARCH_AARCH64, .seed = seed * 1000 + 230 };

	make_kernel(flash->data + KERNEL_OFFSET, &other);
}

static void put_unsigned(struct flash *flash, uint64_t seed)
{
	struct release other = {
		.name = "pcam1 firmware 1.3.0", .key = "somebody-else", .arch = ARCH_ARM, .seed = seed * 1000 + 131
	};

	make_kernel(flash->data + KERNEL_OFFSET, &other);
}

static void spoil_env(struct flash *flash, uint64_t seed)
{
	random_fill(flash->data + ENV_OFFSET, 512, seed + 3);
}

static void erase_rootfs(struct flash *flash, uint64_t seed)
{
	(void)seed;
	memset(flash->data + ROOTFS_OFFSET, 0xff, ROOTFS_SIZE);
}

static void fill_data(struct flash *flash, uint64_t seed)
{
	struct data_files files;
	char name[DATA_NAME_MAX];

	(void)seed;
	data_load(flash, &files);
	for (int i = 1; i <= 5; i++)
		add_file(&files, text_format(name, sizeof(name), "log/events.log.%d", i), 262144);
	for (int i = 1; i <= 3; i++)
		add_file(&files, text_format(name, sizeof(name), "clips/motion-%04d.h264", i), 393216);
	add_file(&files, "clips/motion-0004.h264", data_size() - data_used(&files));
	data_store(flash, &files);
}

static void make_loop(struct flash *flash, uint64_t seed)
{
	break_byte(flash, seed);
	put_env(flash, "bootdelay", "1");
	put_env(flash, "bootcmd", "sf probe 0; sf read 0x42000000 0x50000 0x200000; bootm 0x42000000; reset");
}

static void wear_out(struct flash *flash, uint64_t seed)
{
	flash->worn[ROOTFS_OFFSET / FLASH_BLOCK + 11 + random_next(&seed) % 8] = true;
}

static void erase_loader(struct flash *flash, uint64_t seed)
{
	(void)seed;
	memset(flash->data + LOADER_OFFSET, 0xff, LOADER_SIZE);
}

static const struct {
	const char *name, *label, *story;
	breaker *run;
} kinds[] = {
	{ "none", "HEALTHY", "Nothing is wrong: it starts by itself.", NULL },
	{ "checksum", "CHECKSUM", "One byte of the kernel arrived wrong in the flash.", break_byte },
	{ "truncated", "CHECKSUM", "Only the first part of the kernel was written.", cut_kernel },
	{ "power", "POWER", "The power failed in the middle of an update.", interrupt_update },
	{ "power-retry", "POWER",
	  "The power failed in the middle of an update; the camera tries again by itself if it is left alone.",
	  interrupt_retrying },
	{ "wrong-hardware", "WRONG-HARDWARE", "It holds the firmware of another model.", put_other_camera },
	{ "bad-env", "BAD-ENV", "The loader's environment is damaged, and the built-in one cannot start the camera.",
	  spoil_env },
	{ "rootfs", "NO-ROOTFS", "The kernel is whole, the root file system is gone.", erase_rootfs },
	{ "space", "SPACE", "The data partition is full.", fill_data },
	{ "loop", "CHECKSUM", "The kernel is damaged and the camera starts over and over.", make_loop },
	{ "wear", "FLASH-WEAR", "One block of the flash cannot be read any more.", wear_out },
	{ "bootloader-gone", "BOOTLOADER-GONE", "The loader itself was erased: only the boot ROM speaks.",
	  erase_loader },
	{ "signature", "SIGNATURE", "The firmware was not signed by the maker.", put_unsigned },
};

const char *practice_kind_name(size_t index)
{
	return index < ARRAY_SIZE(kinds) ? kinds[index].name : NULL;
}

const char *practice_kind_label(size_t index)
{
	return index < ARRAY_SIZE(kinds) ? kinds[index].label : NULL;
}

const char *practice_kind_story(size_t index)
{
	return index < ARRAY_SIZE(kinds) ? kinds[index].story : NULL;
}

bool flash_kind_find(const char *name, size_t *ret_index)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (text_equal(kinds[i].name, name)) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

void flash_break(struct flash *flash, size_t kind, uint64_t seed)
{
	if (kind < ARRAY_SIZE(kinds) && kinds[kind].run != NULL)
		kinds[kind].run(flash, seed);
}

/* ---- the chip ---- */

void flash_erase_block(struct flash *flash, uint32_t block)
{
	if (block >= FLASH_BLOCKS)
		return;
	memset(flash->data + (size_t)block * FLASH_BLOCK, 0xff, FLASH_BLOCK);
	flash->worn[block] = false;
}

void flash_write(struct flash *flash, uint32_t offset, struct bytes from)
{
	for (size_t i = 0; i < from.size && offset + i < FLASH_SIZE; i++)
		flash->data[offset + i] &= from.data[i];
}

int flash_worn_block(const struct flash *flash, uint32_t offset, uint32_t size)
{
	for (uint64_t at = offset / FLASH_BLOCK; at < FLASH_BLOCKS && at * FLASH_BLOCK < (uint64_t)offset + size; at++)
		if (flash->worn[at])
			return (int)at;
	return -1;
}

bool flash_read(const struct flash *flash, uint32_t offset, uint8_t *to, size_t size)
{
	int worn = flash_worn_block(flash, offset, (uint32_t)size);
	uint32_t bad = (uint32_t)worn * FLASH_BLOCK;

	if (worn >= 0)
		size = bad > offset ? bad - offset : 0;
	memcpy(to, flash->data + offset, size);
	return worn < 0;
}

/* ---- judging ---- */

bool flash_has_loader(const struct flash *flash)
{
	const uint8_t *at = flash->data + LOADER_OFFSET;

	return memcmp(at, "PCBL", 4) == 0 && load_be32(at + 4) == LOADER_USED &&
	       load_be32(at + 8) == crc32_update(0, bytes_of(at + 12, LOADER_USED - 12));
}

bool flash_rootfs_has_magic(const struct flash *flash)
{
	return memcmp(flash->data + ROOTFS_OFFSET, "hsqs", 4) == 0;
}

bool flash_rootfs_is_whole(const struct flash *flash)
{
	const uint8_t *at = flash->data + ROOTFS_OFFSET;
	uint64_t used = load_le32(at + 40);

	return flash_rootfs_has_magic(flash) && load_le32(at + 44) == 0 && used > SQUASHFS_SUPERBLOCK + ROOTFS_MARK &&
	       used <= ROOTFS_SIZE && memcmp(at + SQUASHFS_SUPERBLOCK, "PCRC", 4) == 0 &&
	       load_be32(at + SQUASHFS_SUPERBLOCK + 4) == rootfs_checksum(at, used);
}

static bool env_would_boot(const struct flash *flash)
{
	struct env env = { 0 };
	const char *command;

	if (!env_load(&env, flash->data + ENV_OFFSET))
		return false;
	command = env_get(&env, "bootcmd");
	return command != NULL && strstr(command, "sf read") != NULL && strstr(command, "bootm") != NULL;
}

void flash_judge(const struct flash *flash, struct verdict *ret_verdict)
{
	struct verdict is = { 0 };
	struct data_files files;

	is.loader = flash_has_loader(flash);
	is.env = env_would_boot(flash);
	is.kernel = uimage_judge(bytes_of(flash->data + KERNEL_OFFSET, KERNEL_SIZE)) == IMAGE_GOOD;
	is.rootfs = flash_rootfs_is_whole(flash);
	is.no_wear = flash_worn_block(flash, 0, FLASH_SIZE) < 0;
	data_load(flash, &files);
	is.data_room = !data_is_full(&files);
	for (size_t i = 0; i < files.count; i++)
		is.config |= text_equal(files.file[i].name, "config/camera.conf");
	is.all = is.loader && is.env && is.kernel && is.rootfs && is.no_wear && is.data_room;
	*ret_verdict = is;
}
