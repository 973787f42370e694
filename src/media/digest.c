#include "src/media/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/blake2b.h"

enum {
	READ_SIZE = 128 * 1024,	/* stays in the cache of a processor */
};

enum { SHA256, SHA1, MD5, DIGESTS };

uint32_t digest_crc32(uint32_t crc, struct bytes more)
{
	return libdeflate_crc32(crc, more.data, more.size);
}

/* --- digests --- */

void digest_leave_configuration(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS |
			    OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT, NULL);
}

struct digest_stream {
	EVP_MD_CTX *context;		/* NULL: by our own BLAKE2b */
	struct blake2b blake2b;
};

void digest_stream_free(struct digest_stream *stream)
{
	if (stream == NULL)
		return;
	EVP_MD_CTX_free(stream->context);
	free(stream);
}

DEFINE_AUTO(digest_stream);

/* 0: OpenSSL's. */
static size_t own_size(const char *algorithm)
{
	return text_equal(algorithm, "blake2b384") ? 48 : text_equal(algorithm, "blake2b256") ? 32 : 0;
}

struct digest_stream *digest_stream_new(const char *algorithm)
{
	AUTO(digest_stream) stream = calloc(1, sizeof(*stream));
	EVP_MD *md;
	bool is_well;

	if (stream != NULL && own_size(algorithm) > 0) {
		blake2b_init(&stream->blake2b, own_size(algorithm));
		return TAKE(stream);
	}
	md = EVP_MD_fetch(NULL, algorithm, NULL);
	is_well = stream != NULL && md != NULL && (stream->context = EVP_MD_CTX_new()) != NULL &&
		  EVP_DigestInit_ex2(stream->context, md, NULL) == 1;
	EVP_MD_free(md);	/* the context holds it */
	return is_well ? TAKE(stream) : NULL;
}

void digest_stream_add(struct digest_stream *stream, struct bytes more)
{
	if (stream->context != NULL)
		EVP_DigestUpdate(stream->context, more.data, more.size);
	else
		blake2b_add(&stream->blake2b, more);
}

size_t digest_stream_end(struct digest_stream *stream, uint8_t *ret_digest, size_t size)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned length = (unsigned)stream->blake2b.size;

	if (stream->context == NULL)
		blake2b_end(&stream->blake2b, digest);
	else if (EVP_DigestFinal_ex(stream->context, digest, &length) != 1)
		return 0;
	if (length > size)
		return 0;
	memcpy(ret_digest, digest, length);
	return length;
}

size_t digest_bytes(const char *algorithm, struct bytes in, uint8_t *ret_digest, size_t size)
{
	AUTO(digest_stream) stream = digest_stream_new(algorithm);

	if (stream == NULL)
		return 0;
	digest_stream_add(stream, in);
	return digest_stream_end(stream, ret_digest, size);
}

/* --- files --- */

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
		error_hint(reterr, status == STATUS_NOT_FOUND ? "check the path" : "check who may read it: ls -l");
		return status;
	}
	if (fstat(fd, &about) != 0)
		return error_set(reterr, STATUS_IO, "cannot look at '%s': %s", path, strerror(errno));
	if (!S_ISREG(about.st_mode) && !S_ISBLK(about.st_mode)) {
		error_set(reterr, STATUS_INVALID, "cannot hash '%s': it is %s", path,
			  S_ISDIR(about.st_mode) ? "a folder" : "no file");
		error_hint(reterr, "Give the path of an image file");
		return STATUS_INVALID;
	}
	*ret_fd = TAKE_FD(fd);
	return STATUS_OK;
}

static enum status read_all(const char *path, void (*take)(void *user, struct bytes more), void *user,
			    _Atomic uint64_t *progress, const atomic_bool *cancel, struct error *reterr)
{
	AUTO_FREE uint8_t *buffer = malloc(READ_SIZE);
	AUTO_CLOSE int fd = -1;
	enum status status = open_for_reading(path, &fd, reterr);
	uint64_t size = 0;
	ssize_t count;

	if (status != STATUS_OK)
		return status;
	if (buffer == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to hash '%s'", path);
	for (;;) {
		if (cancel != NULL && atomic_load_explicit(cancel, memory_order_relaxed))
			return error_set(reterr, STATUS_CANCELLED, "hashing '%s' was cancelled", path);
		count = read(fd, buffer, READ_SIZE);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		take(user, bytes_of(buffer, (size_t)count));
		size += (uint64_t)count;
		if (progress != NULL)
			atomic_store_explicit(progress, size, memory_order_relaxed);
	}
	if (count < 0)
		return error_set(reterr, STATUS_IO, "cannot read '%s' at byte %llu: %s", path, (unsigned long long)size,
				 strerror(errno));
	return STATUS_OK;
}

struct stream_list {
	struct digest_stream *const *stream;
	size_t count;
};

static void take_for_streams(void *user, struct bytes more)
{
	const struct stream_list *list = user;

	for (size_t i = 0; i < list->count; i++)
		if (list->stream[i] != NULL)
			digest_stream_add(list->stream[i], more);
}

enum status digest_stream_file(const char *path, struct digest_stream *const *streams, size_t count,
			       _Atomic uint64_t *progress, const atomic_bool *cancel, struct error *reterr)
{
	return read_all(path, take_for_streams, &(struct stream_list){ streams, count }, progress, cancel, reterr);
}

struct digester {
	struct digest_stream *stream[DIGESTS];	/* NULL: not to be had here */
	struct digest digest;
};

static void digester_free(struct digester *digester)
{
	if (digester == NULL)
		return;
	for (int i = 0; i < DIGESTS; i++)
		digest_stream_free(digester->stream[i]);
	free(digester);
}

DEFINE_AUTO(digester);

static struct digester *digester_new(void)
{
	static const char *const algorithms[DIGESTS] = { [SHA256] = "sha256", [SHA1] = "sha1", [MD5] = "md5" };
	AUTO(digester) digester = calloc(1, sizeof(*digester));

	if (digester == NULL)
		return NULL;
	for (int i = 0; i < DIGESTS; i++)
		digester->stream[i] = digest_stream_new(algorithms[i]);
	return digester->stream[SHA256] != NULL ? TAKE(digester) : NULL;
}

static void take_for_digester(void *user, struct bytes more)
{
	struct digester *digester = user;

	take_for_streams(&(struct stream_list){ digester->stream, DIGESTS }, more);
	digester->digest.crc32 = digest_crc32(digester->digest.crc32, more);
	digester->digest.size += more.size;
}

static void finish(struct digest_stream *stream, char *to, size_t size)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t length = stream != NULL ? digest_stream_end(stream, digest, size / 2) : 0;

	to[0] = '\0';
	for (size_t i = 0; i < length; i++)
		snprintf(to + 2 * i, 3, "%02x", digest[i]);
}

enum status digest_file(const char *path, _Atomic uint64_t *progress, const atomic_bool *cancel,
			struct digest *ret_digest, struct error *reterr)
{
	AUTO(digester) digester = digester_new();
	enum status status;

	if (digester == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to hash '%s'", path);
	status = read_all(path, take_for_digester, digester, progress, cancel, reterr);
	if (status != STATUS_OK)
		return status;
	finish(digester->stream[SHA256], digester->digest.sha256, sizeof(digester->digest.sha256));
	finish(digester->stream[SHA1], digester->digest.sha1, sizeof(digester->digest.sha1));
	finish(digester->stream[MD5], digester->digest.md5, sizeof(digester->digest.md5));
	*ret_digest = digester->digest;
	return STATUS_OK;
}
