/* src/io/bench_cards.c
 *
 * Disks that an operator may mean when he says card: on USB, in an mmc slot, or marked removable. What the system
 * itself runs from stays listed when it is such a disk (a Raspberry Pi), but always as mounted. When in doubt a disk
 * counts as mounted: that costs a question, the contrary costs the disk. */
#include "src/io/bench_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/io/bench_content.h"

enum { SECTOR_SIZE = 512 };	/* sysfs counts in these whatever the disk has (block/genhd.c) */

/* What is in use, read once for all disks. */
struct in_use {
	char *mounts;		/* /proc/self/mountinfo */
	size_t mounts_size;
	char *init_mounts;	/* of the machine, when this is a container that may see them */
	size_t init_mounts_size;
	char *swaps;
	size_t swaps_size;
};

static void in_use_read(const struct bench_roots *roots, struct in_use *in_use)
{
	in_use->mounts = bench_read_table(roots, "/proc/self/mountinfo", &in_use->mounts_size);
	in_use->init_mounts = bench_read_table(roots, "/proc/1/mountinfo", &in_use->init_mounts_size);
	in_use->swaps = bench_read_table(roots, "/proc/swaps", &in_use->swaps_size);
}

static void in_use_done(struct in_use *in_use)
{
	free(in_use->mounts);
	free(in_use->init_mounts);
	free(in_use->swaps);
}

static bool ends_in_digit(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && name[length - 1] >= '0' && name[length - 1] <= '9';
}

/* Is this the node of a disk ("sdb", "mmcblk1") or of one of its partitions ("sdb1", "mmcblk1p2", but not "mmcblk10")? */
static bool is_node_of(const char *node, const char *disk)
{
	size_t length = strlen(disk);

	if (strncmp(node, disk, length) != 0)
		return false;
	node += length;
	if (*node != '\0' && ends_in_digit(disk) && *node++ != 'p')
		return false;
	return node[strspn(node, "0123456789")] == '\0';
}

/* By number, and by name too: btrfs has numbers of its own in mountinfo. */
static bool is_in_mounts(const char *table, size_t size, const char *disk, uint64_t device_major, uint64_t device_minor)
{
	struct bytes text = { (const uint8_t *)table, size }, line;
	struct bench_mount mount;

	while (table != NULL && bench_next_line(&text, &line)) {
		if (!bench_parse_mount(line, &mount))
			continue;
		if (mount.device_major == device_major && mount.device_minor == device_minor)
			return true;
		if (text_starts(mount.source, "/dev/") && is_node_of(mount.source + strlen("/dev/"), disk))
			return true;
	}
	return false;
}

static bool is_in_swaps(const struct in_use *in_use, const char *disk)
{
	struct bytes text = { (const uint8_t *)in_use->swaps, in_use->swaps_size }, line;

	while (in_use->swaps != NULL && bench_next_line(&text, &line)) {
		char node[64];
		size_t end = 0;

		while (end < line.size && line.data[end] != ' ' && line.data[end] != '\t')
			end++;
		text_printable(node, sizeof(node), (struct bytes){ line.data, end });
		if (text_starts(node, "/dev/") && is_node_of(node + strlen("/dev/"), disk))
			return true;
	}
	return false;
}

static bool has_entries(const struct bench_roots *roots, const char *path)
{
	struct bench_names names;
	bool has;

	bench_names_read(roots, path, &names);
	has = names.count > 0;
	bench_names_done(&names);
	return has;
}

/* device is the disk's or a partition's folder. Holders are LVM, RAID and LUKS that sit on it. */
static bool is_part_in_use(const struct bench_roots *roots, const struct in_use *in_use, const char *device,
			   const char *disk)
{
	char text[32], path[320];
	unsigned device_major, device_minor;

	if (has_entries(roots, text_format(path, sizeof(path), "%s/holders", device)))
		return true;
	if (!bench_read_text(roots, text, sizeof(text), "%s/dev", device) ||
	    sscanf(text, "%9u:%9u", &device_major, &device_minor) != 2)
		return false;
	return is_in_mounts(in_use->mounts, in_use->mounts_size, disk, device_major, device_minor) ||
	       is_in_mounts(in_use->init_mounts, in_use->init_mounts_size, disk, device_major, device_minor);
}

static bool is_disk_in_use(const struct bench_roots *roots, const struct in_use *in_use, const char *disk)
{
	struct bench_names names;
	char device[160], part[300];
	bool is_used;

	text_format(device, sizeof(device), "/sys/block/%s", disk);
	is_used = is_in_swaps(in_use, disk) || is_part_in_use(roots, in_use, device, disk);
	bench_names_read(roots, device, &names);
	for (size_t i = 0; i < names.count && !is_used; i++)
		if (strcmp(names.name[i], disk) != 0 && is_node_of(names.name[i], disk))
			is_used = is_part_in_use(roots, in_use,
						 text_format(part, sizeof(part), "%s/%s", device, names.name[i]), disk);
	bench_names_done(&names);
	return is_used;
}

/* ---- which disks ---- */

/* Optical drives are removable, but no card; an eMMC's boot areas and its RPMB are disks of their own to the kernel. */
static bool is_no_card(const char *disk)
{
	static const char *const kind[] = {
		"loop", "ram", "zram", "dm-", "md", "nbd", "sr", "fd", "mtdblock", "drbd", "rbd",
	};

	for (size_t i = 0; i < ARRAY_SIZE(kind); i++)
		if (text_starts(disk, kind[i]))
			return true;
	return text_starts(disk, "mmcblk") &&
	       disk[strlen("mmcblk") + strspn(disk + strlen("mmcblk"), "0123456789")] != '\0';
}

static bool is_card(const struct bench_roots *roots, const char *disk, char *ret_usb_device, size_t size)
{
	char path[160], device[BENCH_PATH_MAX];
	uint64_t is_removable = 0;
	bool is_usb;

	ret_usb_device[0] = '\0';
	if (is_no_card(disk) || !bench_exists(roots, "/sys/block/%s/device", disk))
		return false;
	is_usb = bench_resolve(roots, text_format(path, sizeof(path), "/sys/block/%s", disk), device, sizeof(device)) &&
		 bench_usb_parent(roots, device, ret_usb_device, size);
	bench_read_number(roots, 10, &is_removable, "/sys/block/%s/removable", disk);
	return is_usb || is_removable != 0 || text_starts(disk, "mmcblk");
}

static void name_card(const struct bench_roots *roots, const char *disk, const char *usb_device,
		      struct bench_card *card)
{
	char maker[64], model[64], kind[16];

	bench_read_text(roots, maker, sizeof(maker), "/sys/block/%s/device/vendor", disk);
	bench_read_text(roots, model, sizeof(model), "/sys/block/%s/device/model", disk);
	if (model[0] == '\0' && bench_read_text(roots, model, sizeof(model), "/sys/block/%s/device/name", disk)) {
		/* mmc: "SD" is a card in a slot, "MMC" mostly a chip on the board */
		bench_read_text(roots, kind, sizeof(kind), "/sys/block/%s/device/type", disk);
		text_format(card->name, sizeof(card->name), "%s %s", model,
			    text_equal(kind, "SD") ? "(SD card)" : text_equal(kind, "MMC") ? "(eMMC)" : kind);
	} else if (model[0] != '\0') {
		text_format(card->name, sizeof(card->name), "%s%s%s", maker, maker[0] != '\0' ? " " : "", model);
	} else if (usb_device[0] != '\0') {
		bench_usb_name(roots, usb_device, card->name, sizeof(card->name));
	}
}

/* ---- content: read from the card once for each medium and each writing ---- */

static uint64_t sectors_written(const struct bench_roots *roots, const char *disk, bool *ret_is_busy)
{
	char text[256];
	unsigned long long written = 0, in_flight = 0;

	/* Documentation/block/stat.rst: the seventh number, and the ninth */
	bench_read_text(roots, text, sizeof(text), "/sys/block/%s/stat", disk);
	if (sscanf(text, "%*s %*s %*s %*s %*s %*s %20llu %*s %20llu", &written, &in_flight) < 1)
		written = 0;
	*ret_is_busy = in_flight > 0;
	return written;
}

static struct bench_card_seen *find_seen(struct bench_card_memory *memory, const char *path)
{
	struct bench_card_seen *seen;

	for (unsigned i = 0; i < memory->count; i++)
		if (text_equal(memory->seen[i].path, path))
			return &memory->seen[i];
	if (memory->count == BENCH_CARDS_MAX)
		memory->count = 0;	/* names of readers that went; the next scan fills it anew */
	seen = &memory->seen[memory->count++];
	memset(seen, 0, sizeof(*seen));
	text_copy(seen->path, sizeof(seen->path), path);
	return seen;
}

static void probe_once(const struct bench_roots *roots, struct bench_card_memory *memory, const char *disk,
		       struct bench_card *card)
{
	struct bench_card_seen *seen = find_seen(memory, card->path);
	uint64_t sequence = 0, written;
	bool is_busy, is_same;

	bench_read_number(roots, 10, &sequence, "/sys/block/%s/diskseq", disk);
	written = sectors_written(roots, disk, &is_busy);
	is_same = seen->size_bytes == card->size_bytes && seen->disk_sequence == sequence;
	/* While it is being written its content is nothing to speak of, and reading would only be in the way. */
	if (!is_same || (!is_busy && seen->written_sectors != written)) {
		text_copy(seen->content, sizeof(seen->content), card->content);
		bench_content_probe(roots, card->path, seen->content, sizeof(seen->content));
		seen->size_bytes = card->size_bytes;
		seen->disk_sequence = sequence;
		seen->written_sectors = written;
	}
	text_copy(card->content, sizeof(card->content), seen->content);
}

static void describe_content(const struct bench_roots *roots, struct bench_card_memory *memory, const char *disk,
			     struct bench_card *card)
{
	struct bench_card_memory for_now = { .count = 0 };

	if (card->size_bytes > 0 && !bench_content_known(roots, disk, card->content, sizeof(card->content)))
		probe_once(roots, memory != NULL ? memory : &for_now, disk, card);
}

void bench_scan_cards(const struct bench_roots *roots, struct bench_card_memory *memory, struct bench_state *state)
{
	struct bench_names disks;
	struct in_use in_use;

	in_use_read(roots, &in_use);
	bench_names_read(roots, "/sys/block", &disks);
	for (size_t i = 0; i < disks.count && state->card_count < BENCH_CARDS_MAX; i++) {
		const char *disk = disks.name[i];
		struct bench_card *card = &state->card[state->card_count];
		char usb_device[BENCH_PATH_MAX];
		uint64_t sectors = 0, is_read_only = 0;

		if (strlen(disk) >= sizeof(card->path) - sizeof("/dev/") ||
		    !is_card(roots, disk, usb_device, sizeof(usb_device)))
			continue;
		text_format(card->path, sizeof(card->path), "/dev/%s", disk);
		name_card(roots, disk, usb_device, card);
		bench_read_number(roots, 10, &sectors, "/sys/block/%s/size", disk);
		bench_read_number(roots, 10, &is_read_only, "/sys/block/%s/ro", disk);
		card->size_bytes = sectors <= UINT64_MAX / SECTOR_SIZE ? sectors * SECTOR_SIZE : 0;
		card->is_read_only = is_read_only != 0;
		card->is_mounted = is_disk_in_use(roots, &in_use, disk);
		describe_content(roots, memory, disk, card);
		state->card_count++;
	}
	bench_names_done(&disks);
	in_use_done(&in_use);
}
