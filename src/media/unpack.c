#include "src/media/unpack.h"

#include <bzlib.h>
#include <libdeflate.h>
#include <lz4.h>
#include <lz4frame.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "src/base/cleanup.h"
#include "src/base/late_library.h"
#include "src/base/text.h"

/* Most files need one of these or none. zlib is here always. */
#define LZMA_CALLS(call) call(lzma_, alone_decoder) call(lzma_, stream_decoder) call(lzma_, code) call(lzma_, end)
#define BZIP2_CALLS(call) call(BZ2_bz, DecompressInit) call(BZ2_bz, Decompress) call(BZ2_bz, DecompressEnd)
#define ZSTD_CALLS(call) \
	call(ZSTD_, createDCtx) call(ZSTD_, freeDCtx) call(ZSTD_, DCtx_setParameter) call(ZSTD_, decompressStream) call(ZSTD_, isError) \
	call(ZSTD_, getErrorName)
#define LZ4_CALLS(call) \
	call(LZ4_, decompress_safe) call(LZ4F_, createDecompressionContext) call(LZ4F_, freeDecompressionContext) call(LZ4F_, decompress) \
	call(LZ4F_, isError)
#define LZO_CALLS(call) call(, __lzo_init_v2) call(, lzo1x_decompress_safe) call(, lzo_adler32) call(, lzo_crc32)

LATE_LIBRARY(lzma_library, LZMA_CALLS, "liblzma.so.5")
LATE_LIBRARY(bzip2_library, BZIP2_CALLS, "libbz2.so.1.0", "libbz2.so.1")
LATE_LIBRARY(zstd_library, ZSTD_CALLS, "libzstd.so.1")
LATE_LIBRARY(lz4_library, LZ4_CALLS, "liblz4.so.1")
LATE_LIBRARY(lzo_library, LZO_CALLS, "liblzo2.so.2")

enum {
	SCRATCH_SIZE = 64 * 1024,
	FORGET_SIZE = 4 * 1024 * 1024,
	GZIP_MIN = 18,				/* header and trailer */
	AT_ONCE_MAX = 16 * 1024 * 1024,
	LZ4_LEGACY_BLOCK = 8 * 1024 * 1024,	/* lz4_Frame_format.md, "Legacy frame" */
	LZO_BLOCK_MAX = 64 * 1024 * 1024,	/* lzop.c: MAX_BLOCK_SIZE */
	ZSTD_WINDOW_LOG = 25,			/* 32 MiB */
};

/* Where the bytes go: into the caller's room, and what is beyond through the scratch place to nowhere. */
struct sink {
	uint8_t *to;
	uint64_t room, most, made;
	uint8_t *scratch;	/* SCRATCH_SIZE bytes */
	struct unpack_watch watch;
};

static bool is_cancelled(const struct sink *sink)
{
	return sink->watch.cancel != NULL && atomic_load(sink->watch.cancel);
}

/* One attempt of a codec: reads from *in, writes to [to, to + room). What a codec made before it met damage it does not tell: so steps are small. */
enum step { STEP_MORE, STEP_END, STEP_BAD, STEP_CANNOT };

struct window {
	struct bytes in;	/* what is left */
	uint8_t *to;
	size_t room, made;	/* of this step */
};

static struct window next_window(struct sink *sink, struct bytes in)
{
	uint64_t left = sink->most - sink->made;
	struct window window = { .in = in };

	if (sink->made < sink->room) {
		left = sink->room - sink->made;
		window.to = sink->to + sink->made;
	} else
		window.to = sink->scratch;
	window.room = left < SCRATCH_SIZE ? (size_t)left : SCRATCH_SIZE;
	return window;
}

/* Drives a codec until the stream ends, in ends, or there is enough. */
static enum image_answer drive(struct sink *sink, struct bytes in, enum step (*step)(void *codec, struct window *window), void *codec,
			       uint64_t *ret_used)
{
	struct bytes left = in, seen = in;

	for (;;) {
		struct window window = next_window(sink, left);
		enum step result;

		seen.size = (size_t)(left.data - seen.data);
		if (seen.size >= FORGET_SIZE && sink->watch.forget != NULL) {
			sink->watch.forget(sink->watch.user, seen);
			seen = left;
		}
		if (window.room == 0 || is_cancelled(sink))
			return IMAGE_UNKNOWN;
		result = step(codec, &window);
		sink->made += window.made;
		*ret_used = in.size - window.in.size;
		if (result == STEP_END)
			return IMAGE_YES;
		if (result == STEP_CANNOT)
			return IMAGE_UNKNOWN;
		/* the last byte, too, may be the wrong one */
		if (result == STEP_BAD && *ret_used == in.size)
			--*ret_used;
		/* no progress: what is missing is behind the end of in */
		if (result == STEP_BAD || (window.made == 0 && window.in.size == left.size))
			return IMAGE_NO;
		left = window.in;
	}
}

/* A block that was unpacked elsewhere goes to the sink, as much of it as is wanted. */
static bool pour(struct sink *sink, const uint8_t *from, uint64_t size)
{
	uint64_t left = sink->most - sink->made, taken = size < left ? size : left;

	if (sink->made < sink->room)
		memcpy(sink->to + sink->made, from, (size_t)(taken < sink->room - sink->made ? taken : sink->room - sink->made));
	sink->made += taken;
	return taken == size && !is_cancelled(sink);
}

static unsigned clamp_uint(size_t size)
{
	return size > 1u << 30 ? 1u << 30 : (unsigned)size;
}

/* ---- zlib ---- */

static enum step step_zlib(void *codec, struct window *window)
{
	z_stream *stream = codec;
	unsigned in = clamp_uint(window->in.size), out = clamp_uint(window->room);
	int result;

	stream->next_in = (Bytef *)(uintptr_t)window->in.data;
	stream->avail_in = in;
	stream->next_out = window->to;
	stream->avail_out = out;
	result = inflate(stream, Z_NO_FLUSH);
	window->made = out - stream->avail_out;
	window->in = bytes_from(window->in, in - stream->avail_in);
	return result == Z_STREAM_END ? STEP_END : result == Z_OK || result == Z_BUF_ERROR ? STEP_MORE : result == Z_MEM_ERROR ? STEP_CANNOT : STEP_BAD;
}

/* window_bits as inflateInit2 takes them: 15 zlib, 31 gzip, -15 neither. */
static enum image_answer unpack_zlib(struct sink *sink, struct bytes in, int window_bits, uint64_t *ret_used)
{
	z_stream stream = { 0 };
	enum image_answer end;

	if (inflateInit2(&stream, window_bits) != Z_OK)
		return IMAGE_UNKNOWN;
	end = drive(sink, in, step_zlib, &stream, ret_used);
	inflateEnd(&stream);
	return end;
}

/* A whole file (RFC 1952, 2.3.1: its last word is how much comes out) in one go, twice as fast. False: it is another case, or damaged, which
 * zlib then says of the same bytes. */
static bool unpack_gzip_at_once(struct sink *sink, struct bytes in, uint64_t *ret_used)
{
	uint32_t size = in.size >= GZIP_MIN ? load_le32(in.data + in.size - 4) : 0;
	struct libdeflate_decompressor *decompressor;
	AUTO_FREE uint8_t *memory = NULL;
	uint8_t *to = sink->to;
	size_t used = 0, made = 0;
	bool is_well;

	if (size == 0 || size > AT_ONCE_MAX || size > sink->most)
		return false;
	if (size > sink->room)
		to = memory = malloc(size);
	decompressor = libdeflate_alloc_decompressor();
	is_well = to != NULL && decompressor != NULL &&
		  libdeflate_gzip_decompress_ex(decompressor, in.data, in.size, to, size, &used, &made) == LIBDEFLATE_SUCCESS;
	libdeflate_free_decompressor(decompressor);
	if (is_well && memory == NULL)
		sink->made = made;
	else if (is_well)
		pour(sink, to, made);
	*ret_used = used;
	return is_well;
}

static enum image_answer unpack_gzip(struct sink *sink, struct bytes in, uint64_t *ret_used)
{
	return unpack_gzip_at_once(sink, in, ret_used) ? IMAGE_YES : unpack_zlib(sink, in, 15 + 16, ret_used);
}

static enum image_answer unpack_zlib_wrapped(struct sink *sink, struct bytes in, uint64_t *ret_used)
{
	return unpack_zlib(sink, in, 15, ret_used);
}

/* Where there is room for all of it. */
static bool unpack_deflate_at_once(struct sink *sink, struct bytes in, uint64_t *ret_used)
{
	struct libdeflate_decompressor *decompressor = sink->room == sink->most ? libdeflate_alloc_decompressor() : NULL;
	size_t used = 0, made = 0;
	bool is_well = decompressor != NULL && libdeflate_deflate_decompress_ex(decompressor, in.data, in.size, sink->to, (size_t)sink->room, &used,
										&made) == LIBDEFLATE_SUCCESS;

	libdeflate_free_decompressor(decompressor);
	if (is_well) {
		sink->made = made;
		*ret_used = used;
	}
	return is_well;
}

static enum image_answer unpack_deflate(struct sink *sink, struct bytes in, uint64_t *ret_used)
{
	return unpack_deflate_at_once(sink, in, ret_used) ? IMAGE_YES : unpack_zlib(sink, in, -15, ret_used);
}

/* ---- liblzma ---- */

struct lzma_codec {
	struct lzma_library library;
	lzma_stream stream;
};

static enum step step_lzma(void *user, struct window *window)
{
	struct lzma_codec *codec = user;
	lzma_stream *stream = &codec->stream;
	lzma_ret result;

	stream->next_in = window->in.data;
	stream->avail_in = window->in.size;
	stream->next_out = window->to;
	stream->avail_out = window->room;
	result = codec->library.code(stream, LZMA_RUN);
	window->made = window->room - stream->avail_out;
	window->in = bytes_from(window->in, window->in.size - stream->avail_in);
	switch (result) {
	case LZMA_STREAM_END:
		return STEP_END;
	case LZMA_OK: case LZMA_BUF_ERROR: case LZMA_NO_CHECK: case LZMA_UNSUPPORTED_CHECK: case LZMA_GET_CHECK:
		return STEP_MORE;
	case LZMA_MEM_ERROR: case LZMA_MEMLIMIT_ERROR: case LZMA_OPTIONS_ERROR:
		return STEP_CANNOT;
	default:
		return STEP_BAD;
	}
}

static enum image_answer run_lzma(struct sink *sink, struct bytes in, bool is_alone, uint64_t memory, uint64_t *ret_used)
{
	struct lzma_codec codec = { .stream = LZMA_STREAM_INIT };
	enum image_answer end;
	lzma_ret begun;

	if (!lzma_library_open(&codec.library))
		return IMAGE_UNKNOWN;
	begun = is_alone ? codec.library.alone_decoder(&codec.stream, memory)
			 : codec.library.stream_decoder(&codec.stream, memory, 0);
	if (begun != LZMA_OK)
		return IMAGE_UNKNOWN;
	end = drive(sink, in, step_lzma, &codec, ret_used);
	codec.library.end(&codec.stream);
	return end;
}

/* A dictionary takes no more of the machine's memory than was unpacked into it: a larger one, as xz -9 says it needs for any file, is taken
 * as far as it cannot be filled. */
static enum image_answer unpack_lzma_family(struct sink *sink, struct bytes in, bool is_alone, uint64_t *ret_used)
{
	enum image_answer end = IMAGE_UNKNOWN;

	if (sink->most > UNPACK_DICTIONARY_MAX)
		end = run_lzma(sink, in, is_alone, UNPACK_DICTIONARY_MAX, ret_used);
	if (end != IMAGE_UNKNOWN || sink->made > 0)
		return end;
	if (sink->most > UNPACK_DICTIONARY_MAX)
		sink->most = UNPACK_DICTIONARY_MAX;
	if (sink->room > sink->most)
		sink->room = sink->most;
	return run_lzma(sink, in, is_alone, UNPACK_UNFILLED_MAX, ret_used);
}

static enum image_answer unpack_xz(struct sink *sink, struct bytes in, uint64_t *ret_used)
{
	return unpack_lzma_family(sink, in, false, ret_used);
}

static enum image_answer unpack_lzma(struct sink *sink, struct bytes in, uint64_t *ret_used)
{
	return unpack_lzma_family(sink, in, true, ret_used);
}

/* ---- libbz2 ---- */

struct bzip2_codec {
	struct bzip2_library library;
	bz_stream stream;
};

static enum step step_bzip2(void *user, struct window *window)
{
	struct bzip2_codec *codec = user;
	bz_stream *stream = &codec->stream;
	unsigned in = clamp_uint(window->in.size), out = clamp_uint(window->room);
	int result;

	stream->next_in = (char *)(uintptr_t)window->in.data;
	stream->avail_in = in;
	stream->next_out = (char *)window->to;
	stream->avail_out = out;
	result = codec->library.Decompress(stream);
	window->made = out - stream->avail_out;
	window->in = bytes_from(window->in, in - stream->avail_in);
	return result == BZ_STREAM_END ? STEP_END : result == BZ_OK ? STEP_MORE : result == BZ_MEM_ERROR ? STEP_CANNOT : STEP_BAD;
}

static enum image_answer unpack_bzip2(struct sink *sink, struct bytes in, uint64_t *ret_used)
{
	struct bzip2_codec codec = { .stream = { 0 } };
	enum image_answer end;

	if (!bzip2_library_open(&codec.library) || codec.library.DecompressInit(&codec.stream, 0, 0) != BZ_OK)
		return IMAGE_UNKNOWN;
	end = drive(sink, in, step_bzip2, &codec, ret_used);
	codec.library.DecompressEnd(&codec.stream);
	return end;
}

/* ---- libzstd ---- */

struct zstd_codec {
	struct zstd_library library;
	ZSTD_DCtx *context;
};

static enum step step_zstd(void *user, struct window *window)
{
	struct zstd_codec *codec = user;
	ZSTD_inBuffer from = { window->in.data, window->in.size, 0 };
	ZSTD_outBuffer into = { window->to, window->room, 0 };
	size_t result = codec->library.decompressStream(codec->context, &into, &from);

	window->made = into.pos;
	window->in = bytes_from(window->in, from.pos);
	if (codec->library.isError(result))
		return strstr(codec->library.getErrorName(result), "memory") != NULL ? STEP_CANNOT : STEP_BAD;
	return result == 0 ? STEP_END : STEP_MORE;
}

static enum image_answer unpack_zstd(struct sink *sink, struct bytes in, uint64_t *ret_used)
{
	struct zstd_codec codec = { .context = NULL };
	enum image_answer end = IMAGE_UNKNOWN;

	if (!zstd_library_open(&codec.library))
		return IMAGE_UNKNOWN;
	codec.context = codec.library.createDCtx();
	if (codec.context != NULL && !codec.library.isError(codec.library.DCtx_setParameter(codec.context, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG)))
		end = drive(sink, in, step_zstd, &codec, ret_used);
	codec.library.freeDCtx(codec.context);
	return end;
}

/* ---- liblz4 ---- */

struct lz4_codec {
	struct lz4_library library;
	LZ4F_dctx *context;
};

static enum step step_lz4_frame(void *user, struct window *window)
{
	struct lz4_codec *codec = user;
	size_t in = window->in.size, out = window->room;
	size_t result = codec->library.decompress(codec->context, window->to, &out, window->in.data, &in, NULL);

	window->made = out;
	window->in = bytes_from(window->in, in);
	if (codec->library.isError(result))
		return STEP_BAD;
	return result == 0 ? STEP_END : STEP_MORE;
}

/* Magic, then blocks: size, packed bytes. Nothing marks the end but the end of the data, or what cannot be a size. */
static enum image_answer unpack_lz4_legacy(const struct lz4_library *library, struct sink *sink, struct bytes in, uint64_t *ret_used)
{
	AUTO_FREE uint8_t *block = malloc(LZ4_LEGACY_BLOCK);
	struct bytes left = bytes_from(in, 4);

	if (block == NULL)
		return IMAGE_UNKNOWN;
	while (left.size >= 4) {
		uint32_t size = load_le32(left.data);
		int made;

		if (size == 0 || size > LZ4_COMPRESSBOUND(LZ4_LEGACY_BLOCK))
			break;		/* padding, or the unpacked size that kernels put behind it */
		if (size > left.size - 4)
			return left.size == 4 ? IMAGE_YES : IMAGE_NO;
		made = library->decompress_safe((const char *)left.data + 4, (char *)block, (int)size, LZ4_LEGACY_BLOCK);
		if (made < 0)
			return IMAGE_NO;
		left = bytes_from(left, 4 + size);
		*ret_used = in.size - left.size;
		if (!pour(sink, block, (uint64_t)made))
			return IMAGE_UNKNOWN;
		if (made < LZ4_LEGACY_BLOCK)
			break;
	}
	return sink->made > 0 ? IMAGE_YES : IMAGE_NO;
}

static enum image_answer unpack_lz4(struct sink *sink, struct bytes in, uint64_t *ret_used)
{
	struct lz4_codec codec = { .context = NULL };
	enum image_answer end = IMAGE_UNKNOWN;

	if (!lz4_library_open(&codec.library))
		return IMAGE_UNKNOWN;
	if (in.size >= 4 && load_le32(in.data) == 0x184c2102)
		return unpack_lz4_legacy(&codec.library, sink, in, ret_used);
	if (!codec.library.isError(codec.library.createDecompressionContext(&codec.context, LZ4F_VERSION)))
		end = drive(sink, in, step_lz4_frame, &codec, ret_used);
	codec.library.freeDecompressionContext(codec.context);
	return end;
}

/* ---- liblzo2: the files of lzop ---- */

enum { LZOP_ADLER_D = 1, LZOP_ADLER_C = 2, LZOP_EXTRA = 0x40, LZOP_CRC_D = 0x100, LZOP_CRC_C = 0x200, LZOP_FILTER = 0x800 };

/* lzop-1.04 src/lzop.c, read_header(). 0: no such header. */
static size_t lzop_header(struct bytes in, uint32_t *ret_flags)
{
	size_t at = 9 + 2 + 2;		/* magic, version, library version */
	unsigned version;

	if (in.size < 64)
		return 0;
	version = load_be16(in.data + 9);
	at += version >= 0x0940 ? 2 : 0;	/* version needed */
	at += 1;				/* method */
	at += version >= 0x0940 ? 1 : 0;	/* level */
	*ret_flags = load_be32(in.data + at);
	at += 4 + (*ret_flags & LZOP_FILTER ? 4 : 0) + 4 + 4 + (version >= 0x0940 ? 4 : 0);	/* flags, filter, mode, times */
	if (at >= in.size)
		return 0;
	at += 1 + in.data[at] + 4;		/* name, checksum of the header */
	if (*ret_flags & LZOP_EXTRA) {
		if (at + 4 > in.size)
			return 0;
		at += 4 + (size_t)load_be32(in.data + at) + 4;
	}
	return at < in.size ? at : 0;
}

/* A block's unpacked bytes against the checksums that stand in front of it. */
static bool lzop_is_right(const struct lzo_library *library, const uint8_t *sums, uint32_t flags, const uint8_t *block, uint32_t size)
{
	if (flags & LZOP_ADLER_D && load_be32(sums) != library->lzo_adler32(1, block, size))
		return false;
	sums += flags & LZOP_ADLER_D ? 4 : 0;
	return !(flags & LZOP_CRC_D) || load_be32(sums) == library->lzo_crc32(0, block, size);
}

static enum image_answer lzop_block(const struct lzo_library *library, struct sink *sink, struct bytes *left, uint32_t flags)
{
	uint32_t size = load_be32(left->data), packed;
	size_t sums = (flags & LZOP_ADLER_D ? 4 : 0) + (flags & LZOP_CRC_D ? 4 : 0), head;
	AUTO_FREE uint8_t *block = NULL;
	lzo_uint made = size;

	if (size > LZO_BLOCK_MAX || left->size < 8)
		return IMAGE_NO;
	packed = load_be32(left->data + 4);
	head = 8 + sums + (packed < size ? (flags & LZOP_ADLER_C ? 4 : 0) + (flags & LZOP_CRC_C ? 4 : 0) : 0);
	if (packed > size || head + packed > left->size)
		return IMAGE_NO;
	block = malloc(size);
	if (block == NULL)
		return IMAGE_UNKNOWN;
	if (packed == size)
		memcpy(block, left->data + head, size);
	else if (library->lzo1x_decompress_safe(left->data + head, packed, block, &made, NULL) != LZO_E_OK || made != size)
		return IMAGE_NO;
	if (!lzop_is_right(library, left->data + 8, flags, block, size))
		return IMAGE_NO;
	*left = bytes_from(*left, head + packed);
	return pour(sink, block, size) ? IMAGE_YES : IMAGE_UNKNOWN;
}

static enum image_answer unpack_lzo(struct sink *sink, struct bytes in, uint64_t *ret_used)
{
	static const uint8_t magic[] = { 0x89, 'L', 'Z', 'O', 0, '\r', '\n', 0x1a, '\n' };
	enum image_answer answer = IMAGE_YES;
	struct lzo_library library;
	struct bytes left = in;
	uint32_t flags;
	size_t header;

	if (!lzo_library_open(&library) || library.lzo_init() != LZO_E_OK || in.size < sizeof(magic) || memcmp(in.data, magic, sizeof(magic)) != 0)
		return IMAGE_UNKNOWN;	/* a bare block does not say where it ends */
	header = lzop_header(in, &flags);
	if (header == 0)
		return IMAGE_NO;
	left = bytes_from(in, header);
	while (answer == IMAGE_YES) {
		if (left.size < 4)
			return IMAGE_NO;
		if (load_be32(left.data) == 0) {
			*ret_used = in.size - left.size + 4;
			return IMAGE_YES;
		}
		answer = lzop_block(&library, sink, &left, flags);
	}
	return answer;
}

uint64_t unpack_stream_watched(const struct unpack_watch *watch, const char *compression, struct bytes in, uint8_t *to, uint64_t room, uint64_t most,
			       enum image_answer *ret_end, uint64_t *ret_used)
{
	static const struct { const char *name; enum image_answer (*unpack)(struct sink *sink, struct bytes in, uint64_t *ret_used); } codecs[] = {
		{ "gzip", unpack_gzip }, { "zlib", unpack_zlib_wrapped }, { "deflate", unpack_deflate }, { "xz", unpack_xz }, { "lzma", unpack_lzma },
		{ "bzip2", unpack_bzip2 }, { "zstd", unpack_zstd }, { "lz4", unpack_lz4 }, { "lzo", unpack_lzo },
	};
	uint8_t scratch[SCRATCH_SIZE];
	struct sink sink = { .to = to, .room = room < most ? room : most, .most = most, .scratch = scratch, .watch = *watch };
	uint64_t used = 0;

	*ret_end = IMAGE_UNKNOWN;
	*ret_used = 0;
	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++)
		if (text_equal(codecs[i].name, compression))
			*ret_end = codecs[i].unpack(&sink, in, &used);
	*ret_used = *ret_end != IMAGE_UNKNOWN ? used : 0;
	return sink.made;
}

uint64_t unpack_stream(void *user, const char *compression, struct bytes in, uint8_t *to, uint64_t room, uint64_t most,
		       enum image_answer *ret_end, uint64_t *ret_used)
{
	(void)user;
	return unpack_stream_watched(&(struct unpack_watch){ .cancel = NULL }, compression, in, to, room, most, ret_end, ret_used);
}
