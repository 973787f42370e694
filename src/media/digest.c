#include "src/media/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/crc.h"

enum {
	READ_SIZE = 1024 * 1024,
	CRC_TABLE_WORTH = 64 * 1024,	/* below, making the table takes longer than it saves */
};

enum { SHA256, SHA1, MD5, DIGESTS };

/* --- CRC-32, eight bytes a step: Intel's "slicing-by-8" (Kounavis, Berry 2005) --- */

struct crc_table {
	uint32_t of[8][256];
};

static void crc_table_init(struct crc_table *table)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;

		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
		table->of[0][byte] = crc;
	}
	for (uint32_t byte = 0; byte < 256; byte++)
		for (int slice = 1; slice < 8; slice++) {
			uint32_t before = table->of[slice - 1][byte];

			table->of[slice][byte] = before >> 8 ^ table->of[0][before & 0xff];
		}
}

static uint32_t crc_update(const struct crc_table *table, uint32_t crc, struct bytes more)
{
	size_t at = 0;

	crc = ~crc;
	for (; more.size - at >= 8; at += 8) {
		uint32_t low = crc ^ load_le32(more.data + at), high = load_le32(more.data + at + 4);

		crc = table->of[7][low & 0xff] ^ table->of[6][low >> 8 & 0xff] ^ table->of[5][low >> 16 & 0xff] ^
		      table->of[4][low >> 24] ^ table->of[3][high & 0xff] ^ table->of[2][high >> 8 & 0xff] ^
		      table->of[1][high >> 16 & 0xff] ^ table->of[0][high >> 24];
	}
	return crc32_update(~crc, bytes_from(more, at));
}

uint32_t digest_crc32(uint32_t crc, struct bytes more)
{
	struct crc_table table;

	if (more.size < CRC_TABLE_WORTH)
		return crc32_update(crc, more);
	crc_table_init(&table);
	return crc_update(&table, crc, more);
}

/* --- digests --- */

size_t digest_bytes(const char *algorithm, struct bytes in, uint8_t *ret_digest, size_t size)
{
	const EVP_MD *md = EVP_get_digestbyname(algorithm);
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (md == NULL || EVP_Digest(in.data, in.size, digest, &length, md, NULL) != 1 || length > size)
		return 0;
	memcpy(ret_digest, digest, length);
	return length;
}

struct digester {
	EVP_MD_CTX *context[DIGESTS];	/* NULL: not to be had here */
	struct crc_table table;
	uint8_t buffer[READ_SIZE];
};

static void digester_free(struct digester *digester)
{
	if (digester == NULL)
		return;
	for (int i = 0; i < DIGESTS; i++)
		EVP_MD_CTX_free(digester->context[i]);
	free(digester);
}

DEFINE_AUTO(digester);

static struct digester *digester_new(void)
{
	const EVP_MD *const algorithms[DIGESTS] = { [SHA256] = EVP_sha256(), [SHA1] = EVP_sha1(), [MD5] = EVP_md5() };
	AUTO(digester) digester = calloc(1, sizeof(*digester));

	if (digester == NULL)
		return NULL;
	crc_table_init(&digester->table);
	for (int i = 0; i < DIGESTS; i++) {
		digester->context[i] = EVP_MD_CTX_new();
		if (digester->context[i] != NULL && EVP_DigestInit_ex(digester->context[i], algorithms[i], NULL) != 1) {
			EVP_MD_CTX_free(digester->context[i]);
			digester->context[i] = NULL;
		}
	}
	return digester->context[SHA256] != NULL ? TAKE(digester) : NULL;
}

static void finish(EVP_MD_CTX *context, char *to, size_t size)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	to[0] = '\0';
	if (context == NULL || EVP_DigestFinal_ex(context, digest, &length) != 1 || (size_t)length * 2 >= size)
		return;
	for (unsigned i = 0; i < length; i++)
		snprintf(to + 2 * i, 3, "%02x", digest[i]);
}

static enum status open_for_reading(const char *path, int *ret_fd, struct error *reterr)
{
	/* O_NONBLOCK: a named pipe would wait for a writer; it has no effect on files and disks */
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum status status;
	struct stat about;

	if (fd < 0) {
		status = errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND
			 : errno == EACCES || errno == EPERM ? STATUS_NO_PERMISSION : STATUS_IO;
		error_set(reterr, status, "cannot open '%s': %s", path, strerror(errno));
		error_hint(reterr, status == STATUS_NOT_FOUND ? "Check the path" : "Check who may read it: ls -l");
		return status;
	}
	if (fstat(fd, &about) != 0)
		return error_set(reterr, STATUS_IO, "cannot look at '%s': %s", path, strerror(errno));
	if (!S_ISREG(about.st_mode) && !S_ISBLK(about.st_mode)) {
		error_set(reterr, STATUS_INVALID, "cannot hash '%s': it is %s", path, S_ISDIR(about.st_mode) ? "a folder" : "no file");
		error_hint(reterr, "Give the path of an image file");
		return STATUS_INVALID;
	}
	*ret_fd = TAKE_FD(fd);
	return STATUS_OK;
}

enum status digest_file(const char *path, _Atomic uint64_t *progress, const atomic_bool *cancel, struct digest *ret_digest,
			struct error *reterr)
{
	AUTO(digester) digester = digester_new();
	AUTO_CLOSE int fd = -1;
	struct digest digest = { .size = 0 };
	enum status status = open_for_reading(path, &fd, reterr);
	ssize_t count;

	if (status != STATUS_OK)
		return status;
	if (digester == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to hash '%s'", path);
	for (;;) {
		if (cancel != NULL && atomic_load_explicit(cancel, memory_order_relaxed))
			return error_set(reterr, STATUS_CANCELLED, "hashing '%s' was cancelled", path);
		count = read(fd, digester->buffer, sizeof(digester->buffer));
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		for (int i = 0; i < DIGESTS; i++)
			if (digester->context[i] != NULL)
				EVP_DigestUpdate(digester->context[i], digester->buffer, (size_t)count);
		digest.crc32 = crc_update(&digester->table, digest.crc32, bytes_of(digester->buffer, (size_t)count));
		digest.size += (uint64_t)count;
		if (progress != NULL)
			atomic_store_explicit(progress, digest.size, memory_order_relaxed);
	}
	if (count < 0)
		return error_set(reterr, STATUS_IO, "cannot read '%s' at byte %llu: %s", path, (unsigned long long)digest.size,
				 strerror(errno));
	finish(digester->context[SHA256], digest.sha256, sizeof(digest.sha256));
	finish(digester->context[SHA1], digest.sha1, sizeof(digest.sha1));
	finish(digester->context[MD5], digest.md5, sizeof(digest.md5));
	*ret_digest = digest;
	return STATUS_OK;
}
