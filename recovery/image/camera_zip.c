/* recovery/image/camera_zip.c
 *
 * Update packages of cameras that are zip files: whose they are and for which hardware stands in a member of text.
 * Source: for Xiongmai the InstallDesc files that OpenIPC's coupler packages carry; for Dahua BotoX/Dahua-Firmware-Mod-Kit (its config
 * files name the members) and the dahua unpacker of fkie-cad/FACT_core; for INSTAR unblob handlers/archive/instar. */
#include <ctype.h>
#include <inttypes.h>

#include "recovery/image/zip.h"
#include "src/base/text.h"

enum {
	TEXT_MAX = 16 * 1024,	/* of a describing member */
	LINES_MAX = 8,		/* of a hwid file */
	LIST_DEPTH_MAX = 4,
};

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes skip_blanks(struct bytes text)
{
	while (text.size > 0 && is_blank(text.data[0]))
		text = bytes_from(text, 1);
	return text;
}

/* What follows key and ':' (JSON) or '=' (Lua); key may be quoted. Empty when it is not there. */
static struct bytes after_key(struct bytes text, const char *key)
{
	size_t length = strlen(key);

	for (size_t i = 0; i + length < text.size; i++) {
		struct bytes rest;

		if (memcmp(text.data + i, key, length) != 0 || (i > 0 && (isalnum(text.data[i - 1]) || text.data[i - 1] == '_')))
			continue;
		rest = bytes_from(text, i + length);
		if (rest.data[0] == '"' || rest.data[0] == '\'')
			rest = bytes_from(rest, 1);
		rest = skip_blanks(rest);
		if (rest.size > 0 && (rest.data[0] == ':' || rest.data[0] == '='))
			return skip_blanks(bytes_from(rest, 1));
	}
	return (struct bytes){ text.data, 0 };
}

/* A quoted text, or a bare number, at the start. Escapes are left as they are: names of boards have none. */
static struct bytes take_word(struct bytes text)
{
	size_t length = 0;

	if (text.size > 0 && (text.data[0] == '"' || text.data[0] == '\'')) {
		uint8_t quote = text.data[0];

		text = bytes_from(text, 1);
		while (length < text.size && text.data[length] != quote && text.data[length] != '\n')
			length++;
	} else
		while (length < text.size && (isalnum(text.data[length]) || text.data[length] == '.' || text.data[length] == '-'))
			length++;
	return bytes_of(text.data, length);
}

static struct bytes value_of(struct bytes text, const char *key)
{
	return take_word(after_key(text, key));
}

/* SkipCheck is what the device's own check lets pass, so it names nothing. */
static bool names_something(struct bytes word)
{
	return word.size > 0 && !bytes_equal(word, BYTES("SkipCheck"));
}

static void become(struct image_facts *facts, const char *word, const char *title, const char *vendor)
{
	text_copy(facts->format, sizeof(facts->format), word);
	text_copy(facts->title, sizeof(facts->title), title);
	image_set_vendor(facts, vendor);
}

static void read_install_desc(const struct image_input *in, struct image_facts *facts, const struct zip_member *member)
{
	uint8_t raw[TEXT_MAX];
	struct bytes text = bytes_of(raw, zip_read(in, member, raw, sizeof(raw))), vendor = value_of(text, "Vendor");
	char name[sizeof(facts->vendor)];

	become(facts, "xiongmai-zip", "Xiongmai firmware package", "Xiongmai");
	if (names_something(value_of(text, "Hardware")))
		image_add_board(facts, value_of(text, "Hardware"));
	if (names_something(value_of(text, "DevID")))
		image_add_board(facts, value_of(text, "DevID"));
	if (names_something(vendor)) {
		text_printable(name, sizeof(name) - sizeof("Xiongmai ()"), vendor);
		text_format(facts->vendor, sizeof(facts->vendor), "Xiongmai (%s)", name);
	}
	text_printable(facts->revision, sizeof(facts->revision), value_of(text, "HardWareVersion"));
	if (text.size > 0 && after_key(text, "UpgradeCommand").size == 0)
		image_problem(facts, member->data, "its InstallDesc has no UpgradeCommand: the device would write nothing");
}

/* "Devices": [ [ "model", "revision" ], ... ]: the first word of each inner list; of a flat list each word. */
static void read_devices(struct image_facts *facts, struct bytes text)
{
	struct bytes at = after_key(text, "Devices");
	bool is_first = true;
	unsigned depth = 0;

	while (at.size > 0) {
		uint8_t c = at.data[0];

		at = bytes_from(at, 1);
		if (c == '[' || c == '{') {
			is_first = true;
			if (++depth > LIST_DEPTH_MAX)
				return;
		} else if (c == ']' || c == '}') {
			if (depth-- <= 1)
				return;
		} else if (c == '"' || c == '\'') {
			struct bytes word = take_word(bytes_of(at.data - 1, at.size + 1));

			if (depth == 1 || is_first)
				image_add_board(facts, word);
			is_first = false;
			at = bytes_from(at, word.size + 1);
		} else if (depth == 0)
			return;
	}
}

/* One model a line. */
static void read_hwid(struct image_facts *facts, struct bytes text)
{
	for (unsigned i = 0; i < LINES_MAX && text.size > 0; i++) {
		struct bytes line = skip_blanks(text);
		size_t length = 0;

		while (length < line.size && line.data[length] != '\n' && line.data[length] != '\r')
			length++;
		text = bytes_from(line, length);
		image_add_board(facts, bytes_of(line.data, length));
	}
}

static void see_dahua(const struct image_input *in, struct image_facts *facts, const struct zip_member *member)
{
	uint8_t raw[TEXT_MAX];
	bool is_install = zip_is_named(member, "Install") || zip_is_named(member, "Install.lua");
	struct bytes text;

	if (!is_install && !zip_is_named(member, "hwid"))
		return;
	text = bytes_of(raw, zip_read(in, member, raw, sizeof(raw)));
	if (is_install)
		read_devices(facts, text);
	else
		read_hwid(facts, text);
}

void camera_zip_see(const struct image_input *in, struct image_facts *facts, const struct zip_member *member)
{
	if (zip_is_named(member, "InstallDesc"))
		read_install_desc(in, facts, member);
	/* a package whose first two bytes somebody has put right for an unpacker: the device will not take it */
	else if (zip_is_named(member, "hwid")) {
		become(facts, "dahua-zip", "Dahua firmware package", "Dahua");
		image_warning(facts, "it is a Dahua package that begins with PK: the device expects DH in the first two bytes");
	}
	if (text_equal(facts->format, "dahua-zip"))
		see_dahua(in, facts, member);
}

/* --- Dahua: only the first local header begins with DH, the directory is as usual --- */

static bool is_dahua(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("DH\x03\x04"));
}

static void inspect_dahua(const struct image_input *in, struct image_facts *facts)
{
	struct zip_dialect dialect = zip_standard;

	dialect.first = "DH\x03\x04";
	image_set_vendor(facts, "Dahua");
	zip_inspect(in, facts, &dialect, see_dahua);
}

const struct image_format image_format_dahua_zip = {
	.is_archive = true, .word = "dahua-zip", .title = "Dahua firmware package", .matches = is_dahua, .inspect = inspect_dahua,
};

/* --- INSTAR --- */

static void see_nothing(const struct image_input *in, struct image_facts *facts, const struct zip_member *member)
{
	(void)in;
	(void)facts;
	(void)member;
}

static bool is_instar_hd(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("PK\x03\x07"));
}

static void inspect_instar_hd(const struct image_input *in, struct image_facts *facts)
{
	static const struct zip_dialect dialect = { "PK\x03\x07", "PK\x03\x07", "PK\x01\x08", "PK\x05\x09" };

	image_set_vendor(facts, "INSTAR");
	zip_inspect(in, facts, &dialect, see_nothing);
}

const struct image_format image_format_instar_hd = {
	.is_archive = true, .word = "instar-zip", .title = "INSTAR HD firmware package", .matches = is_instar_hd, .inspect = inspect_instar_hd,
};

/* BNEG: 1, 1, then two sizes; little-endian. */
enum { BNEG_HEADER = 20, BNEG_FIRST = 12, BNEG_SECOND = 16 };

static bool is_bneg(const struct image_input *in)
{
	return in->data.size >= BNEG_HEADER && image_starts_with(in->data, BYTES("BNEG\x01\0\0\0\x01\0\0\0"));
}

static void inspect_bneg(const struct image_input *in, struct image_facts *facts)
{
	uint64_t first = load_le32(in->data.data + BNEG_FIRST), second = load_le32(in->data.data + BNEG_SECOND);

	image_set_vendor(facts, "INSTAR");
	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	facts->ends_exactly = true;
	if (first == 0 || second == 0)
		image_broken(facts, BNEG_FIRST, "its header is damaged: a part of it has no bytes");
	image_declare(in, facts, BNEG_HEADER + first + second);
	image_add_part(in, facts, BNEG_HEADER, first, "first part");
	image_add_part(in, facts, BNEG_HEADER + first, second, "second part");
}

const struct image_format image_format_bneg = {
	.is_archive = true, .word = "instar-bneg", .title = "INSTAR firmware", .matches = is_bneg, .inspect = inspect_bneg,
};
