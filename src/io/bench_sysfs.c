/* src/io/bench_sysfs.c
 *
 * Small files, folders and links of sysfs and procfs for the bench scan. What cannot be read is empty: hardware comes
 * and goes while it is being looked at, and a scan has no errors to report. */
#include "src/io/bench_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

static bool path_below(const struct bench_roots *roots, char *to, size_t size, const char *format, va_list args)
{
	int used = snprintf(to, size, "%s", roots->prefix), more;

	if (used < 0 || (size_t)used >= size)
		return false;
	more = vsnprintf(to + used, size - (size_t)used, format, args);
	return more >= 0 && (size_t)more < size - (size_t)used;
}

char *bench_path(const struct bench_roots *roots, char *to, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!path_below(roots, to, size, format, args))
		to[0] = '\0';	/* a path cut short would be another file */
	va_end(args);
	return to;
}

/* Reads up to size bytes; -1 when it cannot. A device's node is never opened here: only plain files. */
static ssize_t read_file(const char *path, void *to, size_t size)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t have = 0;

	if (fd < 0)
		return -1;
	while (have < size) {
		ssize_t count = read(fd, (char *)to + have, size - have);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -1;
		if (count == 0)
			break;
		have += (size_t)count;
	}
	return (ssize_t)have;
}

static bool read_text(const char *path, char *to, size_t size)
{
	char raw[BENCH_TEXT_MAX];
	ssize_t count = read_file(path, raw, sizeof(raw));
	struct bytes text = { (const uint8_t *)raw, count > 0 ? (size_t)count : 0 };

	to[0] = '\0';
	if (count < 0)
		return false;
	while (text.size > 0 && text.data[text.size - 1] <= ' ')
		text.size--;
	while (text.size > 0 && text.data[0] <= ' ')
		text = bytes_from(text, 1);
	text_printable(to, size, text);
	return true;
}

bool bench_read_text(const struct bench_roots *roots, char *to, size_t size, const char *format, ...)
{
	char path[BENCH_PATH_MAX];
	va_list args;
	bool fits;

	va_start(args, format);
	fits = path_below(roots, path, sizeof(path), format, args);
	va_end(args);
	to[0] = '\0';
	return fits && read_text(path, to, size);
}

bool bench_read_number(const struct bench_roots *roots, int base, uint64_t *ret_value, const char *format, ...)
{
	char path[BENCH_PATH_MAX], text[64], *end;
	unsigned long long value;
	va_list args;
	bool fits;

	va_start(args, format);
	fits = path_below(roots, path, sizeof(path), format, args);
	va_end(args);
	if (!fits || !read_text(path, text, sizeof(text)) || text[0] == '-')
		return false;
	errno = 0;
	value = strtoull(text, &end, base);
	if (errno != 0 || end == text || *end != '\0')
		return false;
	*ret_value = value;
	return true;
}

bool bench_read_uevent(const struct bench_roots *roots, const char *device, const char *key, char *to, size_t size)
{
	char path[BENCH_PATH_MAX], text[4096];	/* a sysfs file is a page at most */
	ssize_t count = read_file(bench_path(roots, path, sizeof(path), "%s/uevent", device), text, sizeof(text));

	to[0] = '\0';
	return count > 0 && bench_parse_uevent(bytes_of(text, (size_t)count), key, to, size);
}

char *bench_read_table(const struct bench_roots *roots, const char *path, size_t *ret_size)
{
	enum { FIRST_SIZE = 16 * 1024 };
	char full[BENCH_PATH_MAX];
	AUTO_CLOSE int fd = open(bench_path(roots, full, sizeof(full), "%s", path), O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *table = NULL;
	size_t have = 0, capacity = 0;

	if (fd < 0)
		return NULL;
	while (have < BENCH_TABLE_MAX) {
		ssize_t count;

		if (have + 1 >= capacity) {
			char *larger = realloc(table, capacity = capacity == 0 ? FIRST_SIZE : capacity * 2);

			if (larger == NULL)
				return NULL;
			table = larger;
		}
		count = read(fd, table + have, capacity - have - 1);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		have += (size_t)count;
	}
	if (table == NULL)
		return NULL;
	table[have] = '\0';
	*ret_size = have;
	return TAKE(table);
}

int bench_name_compare(const char *a, const char *b)
{
	return strverscmp(a, b);
}

static int compare_names(const void *a, const void *b)
{
	return bench_name_compare(a, b);
}

void bench_names_read(const struct bench_roots *roots, const char *path, struct bench_names *ret_names)
{
	char full[BENCH_PATH_MAX];
	DIR *folder = opendir(bench_path(roots, full, sizeof(full), "%s", path));
	struct bench_names names = { NULL, 0 };
	const struct dirent *entry;
	size_t capacity = 0;

	*ret_names = names;
	if (folder == NULL)
		return;
	while (names.count < BENCH_ENTRIES_MAX && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.' || strlen(entry->d_name) >= sizeof(names.name[0]))
			continue;
		if (names.count == capacity) {
			void *larger = realloc(names.name,
					       (capacity = capacity == 0 ? 64 : capacity * 2) * sizeof(names.name[0]));

			if (larger == NULL)
				break;
			names.name = larger;
		}
		text_copy(names.name[names.count++], sizeof(names.name[0]), entry->d_name);
	}
	closedir(folder);
	if (names.count > 1)
		qsort(names.name, names.count, sizeof(names.name[0]), compare_names);
	*ret_names = names;
}

void bench_names_done(struct bench_names *names)
{
	free(names->name);
	*names = (struct bench_names){ NULL, 0 };
}

bool bench_exists(const struct bench_roots *roots, const char *format, ...)
{
	char path[BENCH_PATH_MAX];
	va_list args;
	bool fits;

	va_start(args, format);
	fits = path_below(roots, path, sizeof(path), format, args);
	va_end(args);
	return fits && access(path, F_OK) == 0;
}

bool bench_resolve(const struct bench_roots *roots, const char *path, char *to, size_t size)
{
	char full[BENCH_PATH_MAX];
	char target[PATH_MAX];
	size_t prefix_length = strlen(roots->prefix);

	to[0] = '\0';
	if (realpath(bench_path(roots, full, sizeof(full), "%s", path), target) == NULL ||
	    strncmp(target, roots->prefix, prefix_length) != 0 || !text_starts(target + prefix_length, "/sys/") ||
	    strlen(target + prefix_length) >= size)
		return false;
	text_copy(to, size, target + prefix_length);
	return true;
}

bool bench_usb_parent(const struct bench_roots *roots, const char *device, char *to, size_t size)
{
	text_copy(to, size, device);
	while (text_starts(to, "/sys/devices/")) {
		if (bench_exists(roots, "%s/idVendor", to) && bench_exists(roots, "%s/busnum", to))
			return true;
		*strrchr(to, '/') = '\0';
	}
	to[0] = '\0';
	return false;
}

bool bench_udev_text(const struct bench_roots *roots, const char *device, const char *key, char *to, size_t size)
{
	struct udev_device *known = roots->udev != NULL ? roots->library.device_new_from_syspath(roots->udev, device) : NULL;
	const char *value = known != NULL ? roots->library.device_get_property_value(known, key) : NULL;

	to[0] = '\0';
	if (value != NULL)
		text_printable(to, size, bytes_of_text(value));
	if (known != NULL)
		roots->library.device_unref(known);
	return to[0] != '\0';
}

void bench_usb_name(const struct bench_roots *roots, const char *device, char *to, size_t size)
{
	char maker[96], product[96];
	uint64_t vendor = 0, number = 0;

	bench_read_text(roots, maker, sizeof(maker), "%s/manufacturer", device);
	bench_read_text(roots, product, sizeof(product), "%s/product", device);
	/* Chips without strings of their own (CH340) are known to udev's hardware database by number. */
	if (maker[0] == '\0')
		bench_udev_text(roots, device, "ID_VENDOR_FROM_DATABASE", maker, sizeof(maker));
	if (product[0] == '\0')
		bench_udev_text(roots, device, "ID_MODEL_FROM_DATABASE", product, sizeof(product));
	if (product[0] == '\0' && maker[0] == '\0') {
		bench_read_number(roots, 16, &vendor, "%s/idVendor", device);
		bench_read_number(roots, 16, &number, "%s/idProduct", device);
		text_format(to, size, "USB device %04x:%04x", (unsigned)vendor & 0xffff, (unsigned)number & 0xffff);
	} else if (maker[0] == '\0' || product[0] == '\0' || text_starts(product, maker)) {
		text_copy(to, size, product[0] != '\0' ? product : maker);
	} else {
		text_printable(to, size, bytes_of_text(text_format((char[200]){ 0 }, 200, "%s %s", maker, product)));
	}
}
