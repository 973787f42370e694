/* recovery/image/sysupgrade.c
 *
 * OpenWrt sysupgrade: the tar with kernel and root, and the metadata that stands behind an image of any format.
 * Source: openwrt/fwtool fwimage.h, fwtool.c; OpenWrt include/image-commands.mk (append-metadata, sysupgrade-tar). POSIX ustar. */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "recovery/image/json.h"
#include "recovery/image/tar.h"
#include "src/base/text.h"

/* --- what stands behind: 16 bytes at the very end, big-endian: magic, CRC, type, size of data and these 16 bytes --- */

enum {
	TRAILER_SIZE = 16,
	TRAILER_CRC = 4,
	TRAILER_TYPE = 8,
	TRAILER_LENGTH = 12,
	TYPE_METADATA = 1,
	METADATA_HEADER = 8,	/* version, flags */
	CUT_SEARCHED = 4096,
};

struct metadata {
	char compatible[16], message[JSON_TEXT];
	char version[32], revision[32], board[64];
	bool has_new_devices;	/* then the old list holds a sentence for devices that are too old */
};

static void read_devices(struct bytes text, struct image_facts *facts, const char *key)
{
	struct json_value value;
	struct json json;

	json_init(&json, text);
	while (json_next(&json, &value))
		if (json_is_at(&json, &value, key))
			image_add_board(facts, bytes_of_text(value.text));
}

static void read_metadata(struct bytes text, struct metadata *metadata)
{
	struct json_value value;
	struct json json;

	json_init(&json, text);
	while (json_next(&json, &value)) {
		metadata->has_new_devices |= json_is_at(&json, &value, "new_supported_devices");
		if (json_is_at(&json, &value, "compat_version"))
			text_copy(metadata->compatible, sizeof(metadata->compatible), value.text);
		else if (json_is_at(&json, &value, "compat_message"))
			text_copy(metadata->message, sizeof(metadata->message), value.text);
		else if (json_is_at(&json, &value, "version.version"))
			text_copy(metadata->version, sizeof(metadata->version), value.text);
		else if (json_is_at(&json, &value, "version.revision"))
			text_copy(metadata->revision, sizeof(metadata->revision), value.text);
		else if (json_is_at(&json, &value, "version.board"))
			text_copy(metadata->board, sizeof(metadata->board), value.text);
	}
}

/* "vendor,model" or "vendor_model". */
static void set_vendor(struct image_facts *facts, const char *board)
{
	size_t length = strcspn(board, ",_");

	if (facts->vendor[0] == '\0' && board[length] != '\0')
		text_format(facts->vendor, sizeof(facts->vendor), "%.*s", (int)length, board);
}

static void use_metadata(struct bytes text, struct image_facts *facts)
{
	struct metadata metadata = { .compatible = "" };

	read_metadata(text, &metadata);
	read_devices(text, facts, metadata.has_new_devices ? "new_supported_devices" : "supported_devices");
	if (facts->board_count > 0)
		set_vendor(facts, facts->boards[0]);
	image_add_board(facts, bytes_of_text(metadata.board));
	text_copy(facts->version, sizeof(facts->version), metadata.version);
	if (text_equal(metadata.version, "SNAPSHOT") && metadata.revision[0] != '\0')
		text_append(facts->version, sizeof(facts->version), " %s", metadata.revision);
	if (metadata.compatible[0] != '\0' && !text_equal(metadata.compatible, "1.0"))
		image_warning(facts, "it needs a device with compatibility version %s%s%.120s", metadata.compatible,
			      metadata.message[0] != '\0' ? ": " : "", metadata.message);
}

static bool inspect_trailer(const struct image_input *in, struct image_facts *facts, uint64_t *ret_start)
{
	const uint8_t *trailer;
	uint32_t length;

	if (in->data.size < TRAILER_SIZE || in->data.size < in->size)
		return false;
	trailer = in->data.data + in->size - TRAILER_SIZE;
	if (load_be32(trailer) != 0x46577830)	/* FWx0 */
		return false;
	text_copy(facts->title, sizeof(facts->title), "OpenWrt image");
	length = load_be32(trailer + TRAILER_LENGTH);
	if (length < TRAILER_SIZE || length > in->size) {
		*ret_start = in->size - TRAILER_SIZE;
		image_broken(facts, *ret_start + TRAILER_LENGTH, "its metadata is damaged: it says that it has %" PRIu32 " bytes", length);
		return true;
	}
	*ret_start = in->size - length;
	if (image_compare(facts, *ret_start, "it", image_crc32_raw1(in, bytes_of(in->data.data, (size_t)in->size - TRAILER_SIZE)),
			  load_be32(trailer + TRAILER_CRC)) && trailer[TRAILER_TYPE] == TYPE_METADATA && length > TRAILER_SIZE + METADATA_HEADER) {
		struct bytes text = image_slice(in, *ret_start + METADATA_HEADER, length - TRAILER_SIZE - METADATA_HEADER);

		/* version and flags, which are 0; no checksum covers the length */
		if (load_be32(in->data.data + *ret_start) != 0 || load_be32(in->data.data + *ret_start + 4) != 0)
			image_broken(facts, in->size - TRAILER_SIZE + TRAILER_LENGTH, "its metadata is damaged: it does not begin at byte %" PRIu64,
				     *ret_start);
		use_metadata(text, facts);
	}
	image_covered(facts, "the checksum of the OpenWrt metadata, over the whole file");
	return true;
}

/* The list as fwtool's callers write it: eight zero bytes, and the version of its form comes first (OpenWrt include/image-commands.mk). */
static bool is_metadata_start(struct bytes data, const uint8_t *key)
{
	size_t at = (size_t)(key - data.data);

	while (at > 0 && (data.data[at - 1] == ' ' || data.data[at - 1] == '\t'))
		at--;
	return at > METADATA_HEADER && data.data[at - 1] == '{' &&
	       memcmp(data.data + at - 1 - METADATA_HEADER, "\0\0\0\0\0\0\0", METADATA_HEADER) == 0;
}

/* Metadata without its trailer: the last bytes of the file are missing. */
static bool inspect_cut(const struct image_input *in, struct image_facts *facts, uint64_t *ret_start)
{
	static const char mark[] = "\"metadata_version\"";
	uint64_t from = in->size > CUT_SEARCHED ? in->size - CUT_SEARCHED : 0;
	struct bytes tail = image_slice(in, from, CUT_SEARCHED);
	const uint8_t *key;

	if (in->data.size < in->size || tail.size == 0)
		return false;
	key = memmem(tail.data, tail.size, mark, sizeof(mark) - 1);
	if (key == NULL || !is_metadata_start(tail, key))
		return false;
	*ret_start = from + (uint64_t)(key - tail.data);
	text_copy(facts->title, sizeof(facts->title), "OpenWrt image");
	image_broken(facts, in->size, "it is cut off: its metadata at the end has no trailer");
	return true;
}

const struct image_trailer image_trailer_openwrt_cut = { .word = "openwrt-sysupgrade", .inspect = inspect_cut };

const struct image_trailer image_trailer_openwrt = { .word = "openwrt-sysupgrade", .inspect = inspect_trailer };

/* --- the tar: sysupgrade-BOARD/ with CONTROL, kernel, root --- */

enum {
	TAR_SIZE = 124,
	TAR_SUM = 148,
	TAR_TYPE = 156,
	TAR_MAGIC = 257,
	TAR_NAME_SIZE = 100,
	MEMBERS_MAX = 256,
};

static bool matches(const struct image_input *in)
{
	return in->data.size >= TAR_BLOCK && memcmp(in->data.data + TAR_MAGIC, "ustar", 5) == 0 &&
	       image_starts_with(in->data, BYTES("sysupgrade-"));
}

/* Digits to base 8 that end at a blank, a NUL or the end of the field. */
static uint64_t octal(struct bytes field)
{
	uint64_t number = 0;
	size_t at = 0;

	while (at < field.size && field.data[at] == ' ')
		at++;
	for (; at < field.size && field.data[at] >= '0' && field.data[at] <= '7'; at++)
		number = number << 3 | (field.data[at] - '0');
	return number;
}

/* The sum of all bytes, those of its own field as blanks. */
static bool has_right_sum(const uint8_t *block)
{
	uint32_t sum = image_byte_sum(bytes_of(block, TAR_BLOCK)) - image_byte_sum(bytes_of(block + TAR_SUM, 8)) + 8 * ' ';

	return octal(bytes_of(block + TAR_SUM, 8)) == sum;
}

static bool is_zero_block(const uint8_t *block)
{
	return image_padding(bytes_of(block, TAR_BLOCK)) == TAR_BLOCK && block[0] == 0;
}

/* "BOARD=vendor_model": sysupgrade compares it with the compatible string, commas of which it makes underscores. */
static void read_control(struct image_facts *facts, struct bytes text)
{
	const uint8_t *end;
	char board[64];

	if (!image_starts_with(text, BYTES("BOARD=")))
		return;
	text = bytes_from(text, 6);
	end = memchr(text.data, '\n', text.size);
	if (end != NULL)
		text.size = (size_t)(end - text.data);
	image_text(board, sizeof(board), text);
	set_vendor(facts, board);
	image_add_board(facts, bytes_of_text(board));
	if (strchr(board, '_') != NULL && strchr(board, ',') == NULL) {
		*strchr(board, '_') = ',';
		image_add_board(facts, bytes_of_text(board));
	}
}

/* Returns where the next member begins, 0 at the end or when this one is broken. */
static uint64_t read_member(const struct image_input *in, struct image_facts *facts, uint64_t at)
{
	const uint8_t *block = in->data.data + at;
	uint64_t size, end;
	const char *last;
	char name[TAR_NAME_SIZE + 1];

	if (!has_right_sum(block)) {
		image_broken(facts, at, "the header of a member is damaged: its sum does not match");
		return 0;
	}
	size = octal(bytes_of(block + TAR_SIZE, 12));
	end = at + TAR_BLOCK + (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
	image_text(name, sizeof(name), bytes_of(block, TAR_NAME_SIZE));
	last = strrchr(name, '/') != NULL ? strrchr(name, '/') + 1 : name;
	if (!image_declare(in, facts, end))
		return 0;
	if (block[TAR_TYPE] != '0' && block[TAR_TYPE] != '\0')
		return end;
	if (text_equal(last, "CONTROL"))
		read_control(facts, image_slice(in, at + TAR_BLOCK, size));
	else
		image_add_part(in, facts, at + TAR_BLOCK, size, last);
	return end;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	uint64_t at = 0;

	text_copy(facts->checked, sizeof(facts->checked), "structure; nothing covers the contents");
	facts->is_padded_by_nature = true;
	for (unsigned i = 0; i < MEMBERS_MAX && image_in_memory(in, at, TAR_BLOCK); i++) {
		if (is_zero_block(in->data.data + at)) {
			facts->declared_size = tar_end(in, at);
			return;
		}
		at = read_member(in, facts, at);
		if (at == 0)
			return;
	}
	if (at >= in->size)
		image_problem(facts, in->size, "its end mark is missing: members may be missing");
}

const struct image_format image_format_openwrt_sysupgrade_tar = {
	.is_archive = true, .word = "openwrt-sysupgrade-tar", .title = "OpenWrt sysupgrade archive", .matches = matches, .inspect = inspect,
};
