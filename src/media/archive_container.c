/* By its first bytes: which kind of archive it is, if any. */
#include <string.h>

#include "src/base/cleanup.h"
#include "src/media/archive_level.h"

static const struct { enum container container; const char *name; size_t offset; struct bytes magic; } magics[] = {
	{ CONTAINER_ZIP, "zip", 0, { (const uint8_t *)"PK\3\4", 4 } },
	{ CONTAINER_ZIP, "zip", 0, { (const uint8_t *)"PK\5\6", 4 } },		/* without any member */
	{ CONTAINER_7Z, "7z", 0, { (const uint8_t *)"7z\xbc\xaf\x27\x1c", 6 } },
	{ CONTAINER_RAR, "rar", 0, { (const uint8_t *)"Rar!\x1a\x07", 6 } },
	{ CONTAINER_CPIO, "cpio", 0, { (const uint8_t *)"070701", 6 } },
	{ CONTAINER_CPIO, "cpio", 0, { (const uint8_t *)"070702", 6 } },
	{ CONTAINER_CPIO, "cpio", 0, { (const uint8_t *)"070707", 6 } },
	{ CONTAINER_GZIP, "gzip", 0, { (const uint8_t *)"\x1f\x8b\x08", 3 } },
	{ CONTAINER_XZ, "xz", 0, { (const uint8_t *)"\xfd" "7zXZ\0", 6 } },
	{ CONTAINER_BZIP2, "bzip2", 4, { (const uint8_t *)"\x31\x41\x59\x26\x53\x59", 6 } },	/* behind "BZh9" */
	{ CONTAINER_ZSTD, "zstd", 0, { (const uint8_t *)"\x28\xb5\x2f\xfd", 4 } },
	{ CONTAINER_TAR, "tar", 257, { (const uint8_t *)"ustar", 5 } },
};

/* POSIX pax, "ustar Interchange Format": the sum of the header's bytes with blanks in the place of the sum. Old tar had no magic. */
static bool is_tar_header(struct bytes head)
{
	unsigned sum = 0, told = 0, digits = 0;

	if (head.size < 512 || head.data[0] == '\0')
		return false;
	for (size_t i = 0; i < 512; i++)
		sum += i >= 148 && i < 156 ? ' ' : head.data[i];
	for (size_t i = 148; i < 156; i++)
		if (head.data[i] >= '0' && head.data[i] <= '7') {
			told = told * 8 + (unsigned)(head.data[i] - '0');
			digits++;
		} else if (digits > 0 || head.data[i] != ' ')
			break;
	return digits > 0 && told == sum;
}

enum container container_of_head(struct bytes head)
{
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		struct bytes magic = magics[i].magic;

		if (head.size < magics[i].offset + magic.size || memcmp(head.data + magics[i].offset, magic.data, magic.size) != 0)
			continue;
		if (magics[i].container == CONTAINER_BZIP2 && (memcmp(head.data, "BZh", 3) != 0 || head.data[3] < '1' || head.data[3] > '9'))
			continue;
		if (magics[i].container != CONTAINER_TAR || is_tar_header(head))
			return magics[i].container;
	}
	return is_tar_header(head) ? CONTAINER_TAR : CONTAINER_NONE;
}

const char *container_name(enum container container)
{
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if (magics[i].container == container)
			return magics[i].name;
	return NULL;
}

bool container_is_compression(enum container container)
{
	return container >= CONTAINER_GZIP;
}
