#include "src/media/image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/decrypt.h"
#include "src/media/digest.h"
#include "src/media/rsa.h"
#include "src/media/unpack.h"

enum { PIECE_SIZE = 4 * 1024 * 1024, PLACE_SIZE = 16 * 1024 * 1024, HUGE_PAGE = 2 * 1024 * 1024 };

/* Unpacking reads some 100 MB/s, hashing many times that: what is larger is unpacked only where somebody asks for it. A quick look takes about
 * as long as hashing does: the start of a program, and a part of the file. */
#define CHECK_PACKED_MAX (UINT64_C(8) << 20)
#define CHECK_PACKED_QUICK (UINT64_C(352) << 10)
enum { QUICK_PART = 16, QUICK_TIMES = 4, DEEP_TIMES = 1000 };	/* of the file's size: deflate packs zeros so well */

/* What may come out of all streams together, those in each other included. */
#define UNPACK_MAX (UINT64_C(768) << 20)
#define UNPACK_QUICK_MAX (UINT64_C(2) << 20)
#define UNPACK_DEEP_LEAST (UINT64_C(2) << 30)
#define UNPACK_DEEP_MAX (UINT64_C(8) << 30)

/* Largest image that is mapped: card images of a small computer are below. */
#define SIZE_CEILING (UINT64_C(64) << 30)

struct image_file {
	char *path;
	int fd;
	struct bytes map;
	struct stat opened;
	struct image_facts facts;
	bool has_facts;
	enum image_look look;	/* that the facts are of */
	uint64_t unpack_left, check_left;
	uint8_t *place;		/* while it is looked at */
	const atomic_bool *cancel;	/* the same; or NULL */
};

DEFINE_AUTO(image_file);

/* Pages of our own mapping that were read once: they stay in the page cache, but count no more as this program's memory. Bytes from
 * elsewhere are left alone: for other memory the call would mean to empty it. */
static void forget_op(void *user, struct bytes seen)
{
	const struct image_file *file = user;
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = (uintptr_t)seen.data, to = from + seen.size;

	if (file == NULL || seen.size == 0 || from < (uintptr_t)file->map.data || to > (uintptr_t)file->map.data + file->map.size)
		return;
	from = (from + page - 1) / page * page;
	to = to / page * page;
	if (to > from)
		madvise((void *)from, to - from, MADV_DONTNEED);
}

static struct bytes take_piece(struct bytes *left)
{
	struct bytes piece = { left->data, left->size < PIECE_SIZE ? left->size : PIECE_SIZE };

	*left = bytes_from(*left, piece.size);
	return piece;
}

/* The name comes from the file: not just anything that OpenSSL knows. */
static struct digest_stream *open_digest(const char *algorithm)
{
	static const char *const known[] = { "sha1", "sha256", "sha384", "sha512", "md5" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (text_equal(known[i], algorithm))
			return digest_stream_new(algorithm);
	return NULL;
}

static size_t digest_pieces_op(void *user, const char *algorithm, struct bytes (*next)(void *of), void *of,
			       uint8_t ret_digest[IMAGE_DIGEST_SIZE])
{
	struct digest_stream *stream = open_digest(algorithm);
	struct bytes in;
	size_t length;

	if (stream == NULL)
		return 0;
	while ((in = next(of)).size > 0)
		while (in.size > 0) {
			struct bytes piece = take_piece(&in);

			digest_stream_add(stream, piece);
			forget_op(user, piece);
		}
	length = digest_stream_end(stream, ret_digest, IMAGE_DIGEST_SIZE);
	digest_stream_free(stream);
	return length;
}

static struct bytes next_and_last(void *of)
{
	struct bytes piece = *(struct bytes *)of;

	*(struct bytes *)of = bytes_from(piece, piece.size);
	return piece;
}

static size_t digest_op(void *user, const char *algorithm, struct bytes in, uint8_t ret_digest[IMAGE_DIGEST_SIZE])
{
	return digest_pieces_op(user, algorithm, next_and_last, &in, ret_digest);
}

static uint32_t crc32_op(void *user, struct bytes in)
{
	uint32_t crc = 0;

	while (in.size > 0) {
		struct bytes piece = take_piece(&in);

		crc = digest_crc32(crc, piece);
		forget_op(user, piece);
	}
	return crc;
}

static uint64_t unpack_op(void *user, const char *compression, struct bytes in, uint8_t *to, uint64_t room, uint64_t most,
			  enum image_answer *ret_end, uint64_t *ret_used)
{
	struct image_file *file = user;
	/* whoever wants it all has the time, and only bombs are to end */
	const char *counted_as = file->look == IMAGE_LOOK_DEEP ? "" : compression;
	uint64_t left = image_may_unpack(&file->unpack_left, counted_as), made;

	most = most < left ? most : left;
	made = unpack_stream_watched(&(struct unpack_watch){ forget_op, file->cancel, file }, compression, in, to, room, most, ret_end, ret_used);
	image_count_unpacked(&file->unpack_left, counted_as, made);
	return made;
}

/* The kernel gives the pages as they are filled; a huge one, where there are such, as fast as forty small ones. */
static uint8_t *place_op(void *user, size_t *ret_size)
{
	struct image_file *file = user;

	if (file->place != NULL)
		return NULL;
	file->place = aligned_alloc(HUGE_PAGE, PLACE_SIZE);
	if (file->place != NULL)
		madvise(file->place, PLACE_SIZE, MADV_HUGEPAGE);
	*ret_size = PLACE_SIZE;
	return file->place;
}

struct image_ops image_file_member_ops(struct image_file *file)
{
	bool is_quick = file->look == IMAGE_LOOK_QUICK;

	return (struct image_ops){ .digest = digest_op, .digest_pieces = digest_pieces_op, .crc32 = crc32_op, .unpack = unpack_op,
				   .decrypt = decrypt_blocks, .rsa_verify = rsa_verify, .forget = forget_op, .check_packed_max = CHECK_PACKED_MAX,
				   .check_left = is_quick ? &file->check_left : NULL, .unpack_left = &file->unpack_left, .user = file };
}

const struct image_ops *image_file_ops(void)
{
	static const struct image_ops ops = {
		.digest = digest_op, .digest_pieces = digest_pieces_op, .crc32 = crc32_op, .unpack = unpack_stream,
		.decrypt = decrypt_blocks, .rsa_verify = rsa_verify, .check_packed_max = CHECK_PACKED_MAX,
	};

	return &ops;
}

static enum status cannot_open(const char *path, int number, struct error *reterr)
{
	switch (number) {
	case ENOENT: case ENOTDIR:
		error_set(reterr, STATUS_NOT_FOUND, "cannot open image '%s': there is no such file", path);
		error_hint(reterr, "Check the path");
		return STATUS_NOT_FOUND;
	case ENAMETOOLONG:
		error_set(reterr, STATUS_NOT_FOUND, "cannot open image '%.300s': no name is that long", path);
		error_hint(reterr, "Check the path");
		return STATUS_NOT_FOUND;
	case ELOOP:
		error_set(reterr, STATUS_NOT_FOUND, "cannot open image '%s': it is a link that leads to itself", path);
		error_hint(reterr, "Give the path of the file itself");
		return STATUS_NOT_FOUND;
	case EACCES: case EPERM:
		error_set(reterr, STATUS_NO_PERMISSION, "cannot open image '%s': you may not read it", path);
		error_hint(reterr, "Allow it with: chmod u+r FILE, or copy the file to your own folder");
		return STATUS_NO_PERMISSION;
	}
	error_set(reterr, STATUS_IO, "cannot open image '%s': %s", path, strerror(number));
	error_hint(reterr, "Copy the file to this computer's own disk and try again");
	return STATUS_IO;
}

static enum status check_kind(const char *path, const struct stat *about, struct error *reterr)
{
	if (S_ISDIR(about->st_mode)) {
		error_set(reterr, STATUS_INVALID, "cannot open image '%s': it is a folder", path);
		error_hint(reterr, "Give the image file in it");
	} else if (S_ISBLK(about->st_mode)) {
		error_set(reterr, STATUS_INVALID, "cannot open image '%s': it is a disk, not a file", path);
		error_hint(reterr, "Copy what is to be looked at from it into a file, and give that");
	} else if (S_ISFIFO(about->st_mode)) {
		error_set(reterr, STATUS_INVALID, "cannot open image '%s': it is a pipe", path);
		error_hint(reterr, "Save what comes out of it in a file first, and give that");
	} else if (!S_ISREG(about->st_mode)) {
		error_set(reterr, STATUS_INVALID, "cannot open image '%s': it is no regular file", path);
		error_hint(reterr, "Give the path of an image file");
	} else if (about->st_size == 0) {
		error_set(reterr, STATUS_INVALID, "cannot open image '%s': it is empty", path);
		error_hint(reterr, "Download it again; the disk may have been full");
	} else if ((uint64_t)about->st_size > SIZE_CEILING) {
		error_set(reterr, STATUS_INVALID, "cannot open image '%s': it is larger than 64 GiB", path);
		error_hint(reterr, "Check that it is the right file");
	} else
		return STATUS_OK;
	return STATUS_INVALID;
}

enum status image_file_open(const char *path, struct image_file **ret_file, struct error *reterr)
{
	AUTO(image_file) file = calloc(1, sizeof(*file));
	enum status status;
	void *map;

	if (file == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for an image file");
	/* O_NONBLOCK: a named pipe would wait for a writer */
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file->fd < 0 && (errno == EACCES || errno == EPERM) && stat(path, &file->opened) == 0 && !S_ISREG(file->opened.st_mode))
		return check_kind(path, &file->opened, reterr);
	if (file->fd < 0 || fstat(file->fd, &file->opened) != 0)
		return cannot_open(path, errno, reterr);
	status = check_kind(path, &file->opened, reterr);
	if (status != STATUS_OK)
		return status;
	map = mmap(NULL, (size_t)file->opened.st_size, PROT_READ, MAP_PRIVATE, file->fd, 0);
	if (map == MAP_FAILED)
		return cannot_open(path, errno, reterr);
	file->map = bytes_of(map, (size_t)file->opened.st_size);
	file->path = strdup(path);
	if (file->path == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for an image file");
	*ret_file = TAKE(file);
	return STATUS_OK;
}

void image_file_free(struct image_file *file)
{
	if (file == NULL)
		return;
	if (file->map.data != NULL)
		munmap((void *)(uintptr_t)file->map.data, file->map.size);
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file);
}

const char *image_file_path(const struct image_file *file)
{
	return file->path;
}

struct bytes image_file_bytes(const struct image_file *file)
{
	return file->map;
}

static uint64_t unpack_max(uint64_t size, enum image_look look)
{
	if (look == IMAGE_LOOK_QUICK)
		return UNPACK_QUICK_MAX + size * QUICK_TIMES;
	if (look == IMAGE_LOOK_USUAL)
		return UNPACK_MAX;
	if (size > UNPACK_DEEP_MAX / DEEP_TIMES)
		return UNPACK_DEEP_MAX;
	return size * DEEP_TIMES > UNPACK_DEEP_LEAST ? size * DEEP_TIMES : UNPACK_DEEP_LEAST;
}

static void look_once(struct image_file *file, enum image_look look, const atomic_bool *cancel)
{
	struct image_ops ops;

	file->look = look;
	file->cancel = cancel;
	file->unpack_left = unpack_max(file->map.size, look);
	file->check_left = CHECK_PACKED_QUICK + file->map.size / QUICK_PART;
	ops = image_file_member_ops(file);
	if (look == IMAGE_LOOK_DEEP)
		ops.check_packed_max = UINT64_MAX;
	else
		ops.place = place_op;
	image_inspect(file->map, file->map.size, &ops, &file->facts);
	free(file->place);
	file->place = NULL;
	file->has_facts = true;
}

/* Who doubts looks closer, however long it takes. */
void image_file_inspect(struct image_file *file, enum image_look look, const atomic_bool *cancel)
{
	look_once(file, look, cancel);
	if (file->facts.is_doubted && file->facts.whole == IMAGE_UNKNOWN && look != IMAGE_LOOK_DEEP)
		look_once(file, IMAGE_LOOK_DEEP, cancel);
}

uint64_t image_file_unpack_left(const struct image_file *file)
{
	return file->check_left;
}

const struct image_facts *image_file_facts(struct image_file *file)
{
	if (!file->has_facts)
		image_file_inspect(file, IMAGE_LOOK_USUAL, NULL);
	return &file->facts;
}

static bool is_unchanged(const struct stat *before, const struct stat *now)
{
	return before->st_size == now->st_size && before->st_mtim.tv_sec == now->st_mtim.tv_sec &&
	       before->st_mtim.tv_nsec == now->st_mtim.tv_nsec;
}

bool image_file_is_same(const struct image_file *file, struct error *reterr)
{
	struct stat now, at_path;
	const char *what = NULL;

	if (fstat(file->fd, &now) != 0 || stat(file->path, &at_path) != 0)
		what = "it is gone";
	else if (at_path.st_ino != file->opened.st_ino || at_path.st_dev != file->opened.st_dev)
		what = "another file has taken its place";
	else if (now.st_size != file->opened.st_size)
		what = "its size changed";
	else if (!is_unchanged(&file->opened, &now))
		what = "it was written to";
	if (what == NULL)
		return true;
	error_set(reterr, STATUS_REFUSED, "image '%s' is not what was checked: %s", file->path, what);
	error_hint(reterr, "Let the download or copy finish, then choose the file again");
	return false;
}

enum status image_file_read(const struct image_file *file, uint64_t offset, void *to, size_t size, struct error *reterr)
{
	size_t done = 0;

	if (offset > file->map.size || size > file->map.size - offset)
		return error_set(reterr, STATUS_INVALID, "cannot read image '%s' at byte %" PRIu64 ": it ends before", file->path, offset);
	while (done < size) {
		ssize_t count = pread(file->fd, (uint8_t *)to + done, size - done, (off_t)(offset + done));

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set(reterr, STATUS_IO, "cannot read image '%s' at byte %" PRIu64 ": %s", file->path, offset + done,
					 strerror(errno));
		if (count == 0)
			break;
		done += (size_t)count;
	}
	if (!image_file_is_same(file, reterr))
		return STATUS_REFUSED;
	return done == size ? STATUS_OK : error_set(reterr, STATUS_IO, "image '%s' became shorter", file->path);
}
