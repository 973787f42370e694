/* src/io/bench_content.c */
#include "src/io/bench_content.h"

#include <blkid/blkid.h>
#include <fcntl.h>
#include <stdlib.h>

#include "src/base/cleanup.h"
#include "src/base/late_library.h"
#include "src/base/text.h"

#define BLKID_CALLS(call) \
	call(blkid_, new_probe) call(blkid_, free_probe) call(blkid_, probe_set_device) call(blkid_, probe_enable_superblocks) \
	call(blkid_, probe_set_superblocks_flags) call(blkid_, probe_enable_partitions) call(blkid_, probe_get_partitions) \
	call(blkid_, probe_lookup_value) call(blkid_, do_safeprobe) call(blkid_, partlist_numof_partitions) call(blkid_, partlist_get_partition) \
	call(blkid_, partition_get_start) call(blkid_, partition_get_size) call(blkid_, get_library_version)
LATE_LIBRARY(blkid_library, BLKID_CALLS, "libblkid.so.1")

enum { EMPTY_CHECK_SIZE = 64 * 1024 };	/* boot loaders of all families begin in there (U-Boot's board notes) */

static void say_file_system(const char *type, const char *label, char *to, size_t size)
{
	text_format(to, size, "%s%s%s", type, label[0] != '\0' ? " " : "", label);
}

static void say_partitions(unsigned count, char *to, size_t size)
{
	text_format(to, size, "%u partition%s", count, count == 1 ? "" : "s");
}

/* ---- from sysfs and udev's database ---- */

/* The partitions that the kernel sees; ret_only is the last one's folder. */
static unsigned count_partitions(const struct bench_roots *roots, const char *disk, char *ret_only, size_t size)
{
	struct bench_names names;
	unsigned count = 0;
	char path[160];

	bench_names_read(roots, text_format(path, sizeof(path), "/sys/block/%s", disk), &names);
	for (size_t i = 0; i < names.count; i++) {
		if (!bench_exists(roots, "/sys/block/%s/%s/partition", disk, names.name[i]))
			continue;
		text_format(ret_only, size, "/sys/block/%s/%s", disk, names.name[i]);
		count++;
	}
	bench_names_done(&names);
	return count;
}

bool bench_content_known(const struct bench_roots *roots, const char *disk, char *to, size_t size)
{
	char device[320], type[32], label[64];
	unsigned count = count_partitions(roots, disk, device, sizeof(device));

	to[0] = '\0';
	if (count > 0)
		say_partitions(count, to, size);
	if (count > 1)
		return true;
	if (count == 0)
		text_format(device, sizeof(device), "/sys/block/%s", disk);
	if (!bench_udev_text(roots, device, "ID_FS_TYPE", type, sizeof(type)))
		return false;
	bench_udev_text(roots, device, "ID_FS_LABEL", label, sizeof(label));
	say_file_system(type, label, to, size);
	return true;
}

/* ---- from the card ---- */

static void probe_value(const struct blkid_library *library, blkid_probe probe, const char *key, char *to, size_t size)
{
	const char *value;

	to[0] = '\0';
	if (library->probe_lookup_value(probe, key, &value, NULL) == 0)
		text_printable(to, size, bytes_of_text(value));
}

/* A file system in a part of the card. */
static bool probe_file_system(const struct blkid_library *library, int fd, blkid_loff_t offset, blkid_loff_t length, char *to, size_t size)
{
	blkid_probe probe = library->new_probe();
	char type[32], label[64];
	bool is_found;

	if (probe == NULL)
		return false;
	is_found = library->probe_set_device(probe, fd, offset, length) == 0 &&
		   library->probe_enable_superblocks(probe, 1) == 0 &&
		   library->probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL) == 0 &&
		   library->do_safeprobe(probe) == 0;
	if (is_found) {
		probe_value(library, probe, "TYPE", type, sizeof(type));
		probe_value(library, probe, "LABEL", label, sizeof(label));
		is_found = type[0] != '\0';
		if (is_found)
			say_file_system(type, label, to, size);
	}
	library->free_probe(probe);
	return is_found;
}

static bool probe_partitions(const struct blkid_library *library, int fd, char *to, size_t size)
{
	blkid_probe probe = library->new_probe();
	blkid_partlist list = NULL;
	int count = 0;

	if (probe == NULL)
		return false;
	if (library->probe_set_device(probe, fd, 0, 0) == 0 && library->probe_enable_superblocks(probe, 0) == 0 &&
	    library->probe_enable_partitions(probe, 1) == 0)
		list = library->probe_get_partitions(probe);
	if (list != NULL)
		count = library->partlist_numof_partitions(list);
	if (count > 0)
		say_partitions((unsigned)count, to, size);
	if (count == 1) {
		blkid_partition only = library->partlist_get_partition(list, 0);

		probe_file_system(library, fd, library->partition_get_start(only) * 512, library->partition_get_size(only) * 512, to,
				  size);
	}
	library->free_probe(probe);
	return count > 0;
}

/* As it comes from the factory or from an erase: all zero, or all ones. */
static bool is_blank(int fd)
{
	AUTO_FREE uint8_t *start = malloc(EMPTY_CHECK_SIZE);
	ssize_t count = start != NULL ? pread(fd, start, EMPTY_CHECK_SIZE, 0) : -1;

	if (count <= 0 || (start[0] != 0x00 && start[0] != 0xff))
		return false;
	return memcmp(start, start + 1, (size_t)count - 1) == 0;
}

void bench_content_probe(const struct bench_roots *roots, const char *path, char *to, size_t size)
{
	struct blkid_library library;
	char full[BENCH_PATH_MAX];
	AUTO_CLOSE int fd = open(bench_path(roots, full, sizeof(full), "%s", path),
				 O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || !blkid_library_open(&library))
		return;
	/* A FAT without partitions has the 55 AA of a partition table too: the file system is the stronger sign. */
	if (!probe_file_system(&library, fd, 0, 0, to, size) && !probe_partitions(&library, fd, to, size))
		text_copy(to, size, is_blank(fd) ? "empty" : "unknown data");
}

char *bench_content_version(char *to, size_t size)
{
	struct blkid_library library;
	const char *version = "";

	if (blkid_library_open(&library))
		library.get_library_version(&version, NULL);
	return text_copy(to, size, version);
}
