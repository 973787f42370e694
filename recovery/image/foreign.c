/* recovery/image/foreign.c
 *
 * Files that come with images or stand for them, but are none: what a download tool keeps in their place, scripts, documents, and what is
 * encrypted so that nothing in it can be seen. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

#include "recovery/image/text_file.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { SALTED_HEADER = 16, CIPHER_BLOCK = 16, PROSE_MIN = 16, WORD_LENGTH_MAX = 24 };

/* --- Git LFS (docs/spec.md): three lines of text instead of the file --- */

static bool is_lfs_pointer(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("version https://git-lfs.github.com/spec/")) ||
	       image_starts_with(in->data, BYTES("version https://hawser.github.com/spec/"));
}

static void inspect_lfs_pointer(const struct image_input *in, struct image_facts *facts)
{
	char text[512], *size, wanted[24];

	text_printable(text, sizeof(text), image_slice(in, 0, sizeof(text) - 1));
	size = strstr(text, "size ");
	text_size(wanted, sizeof(wanted), size != NULL ? strtoull(size + 5, NULL, 10) : 0);
	text_copy(facts->checked, sizeof(facts->checked), "the beginning");
	image_is_none(in, facts, "it is a Git LFS pointer, not the image%s%s: fetch it with git lfs pull", size != NULL ? " of " : "",
		     size != NULL ? wanted : "");
}

const struct image_format image_format_lfs_pointer = {
	.word = "git-lfs-pointer", .title = "Git LFS pointer", .matches = is_lfs_pointer, .inspect = inspect_lfs_pointer,
};

/* --- what tells a download tool where the file is --- */

static bool is_torrent(const struct image_input *in)
{
	static const char *const keys[] = {
		"d8:announce", "d13:announce-list", "d10:created by", "d13:creation date", "d7:comment", "d4:info", "d5:nodes", "d8:encoding",
		"d9:httpseeds", "d8:url-list", "d10:azureus_",
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (image_starts_with(in->data, bytes_of_text(keys[i])))
			return true;
	return false;
}

static void inspect_torrent(const struct image_input *in, struct image_facts *facts)
{
	text_copy(facts->checked, sizeof(facts->checked), "the beginning");
	image_is_none(in, facts, "it is a torrent: it only tells where the image can be fetched");
}

const struct image_format image_format_torrent = {
	.word = "torrent", .title = "torrent", .matches = is_torrent, .inspect = inspect_torrent,
};

static bool is_metalink(const struct image_input *in)
{
	static const char *const starts[] = { "[InternetShortcut]", "[Desktop Entry]", "magnet:?", "http://", "https://", "ftp://", "<metalink" };
	char text[TEXT_FILE_HEAD];

	if (!text_file_is(in))
		return false;
	text_file_head(in, text, sizeof(text));
	return text_file_starts(text, starts, ARRAY_SIZE(starts)) || (text_starts(text, "<?xml") && text_contains(text, "<metalink"));
}

static void inspect_metalink(const struct image_input *in, struct image_facts *facts)
{
	char text[TEXT_FILE_HEAD];

	text_file_head(in, text, sizeof(text));
	if (!text_contains(text, "<metalink")) {
		text_copy(facts->format, sizeof(facts->format), "link");
		text_copy(facts->title, sizeof(facts->title), "link");
	}
	text_copy(facts->checked, sizeof(facts->checked), "the beginning");
	image_is_none(in, facts, "it is a link: it only tells where the image can be fetched");
}

const struct image_format image_format_metalink = {
	.word = "metalink", .title = "Metalink", .matches = is_metalink, .inspect = inspect_metalink,
};

/* --- openssl enc: eight bytes, the salt, and what nobody can read without the key --- */

static bool is_openssl(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("Salted__"));
}

static void inspect_openssl(const struct image_input *in, struct image_facts *facts)
{
	text_copy(facts->checked, sizeof(facts->checked), "nothing: it is encrypted");
	image_warning(facts, "it is encrypted with a password that the device knows: neither what it is nor whether it is whole can be seen");
	if (in->size < SALTED_HEADER + CIPHER_BLOCK)
		image_broken(facts, in->size, "it is cut off inside its first block");
	else if (in->size != IMAGE_SIZE_UNKNOWN && (in->size - SALTED_HEADER) % CIPHER_BLOCK != 0)
		image_problem(facts, in->size, "its size is no multiple of %d bytes, as most ciphers make it: it may be cut off", CIPHER_BLOCK);
}

const struct image_format image_format_openssl = {
	.word = "openssl-encrypted", .title = "encrypted file (OpenSSL)", .matches = is_openssl, .inspect = inspect_openssl,
};

/* --- documents --- */

static bool is_pdf(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("%PDF-")) || image_starts_with(in->data, BYTES("{\\rtf"));
}

static void inspect_pdf(const struct image_input *in, struct image_facts *facts)
{
	text_copy(facts->checked, sizeof(facts->checked), "the beginning");
	image_is_none(in, facts, "it is a document, not an image");
}

const struct image_format image_format_pdf = {
	.word = "document", .title = "document", .matches = is_pdf, .inspect = inspect_pdf,
};

/* Vendors of NAS and phones send updates as scripts with an archive at the end: not to be written to flash, but not damaged either. */
static bool is_script(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("#!/")) || image_starts_with(in->data, BYTES("#! /")) ||
	       image_starts_with(in->data, BYTES("@echo off"));
}

static void inspect_script(const struct image_input *in, struct image_facts *facts)
{
	text_copy(facts->checked, sizeof(facts->checked), "the beginning");
	if (text_file_is(in))
		image_is_none(in, facts, "it is a script, not an image");
	else
		image_warning(facts, "it is a script with something behind it: it is run, not written to flash");
}

const struct image_format image_format_script = {
	.word = "script", .title = "script", .matches = is_script, .inspect = inspect_script,
};

/* Words with blanks between them; rows of digits, as programs in text form have them, are none. */
static bool is_prose(const char *text)
{
	size_t letters = 0, blanks = 0, all = strlen(text);

	for (size_t i = 0; i < all; i++) {
		letters += isalpha((unsigned char)text[i]) != 0 || (uint8_t)text[i] >= 0x80;
		blanks += text[i] == ' ' || text[i] == '.';
	}
	return all >= PROSE_MIN && letters > all / 2 && blanks > all / WORD_LENGTH_MAX;
}

static bool is_text(const struct image_input *in)
{
	char text[TEXT_FILE_HEAD];

	if (!text_file_is(in))
		return false;
	text_file_head(in, text, sizeof(text));
	return is_prose(text) || text_starts(text, "-----BEGIN ") || text_starts(text, "<?xml");
}

static void inspect_text(const struct image_input *in, struct image_facts *facts)
{
	char head[TEXT_FILE_HEAD], text[60];

	text_file_head(in, head, sizeof(head));
	text_copy(text, sizeof(text), head);
	text_copy(facts->checked, sizeof(facts->checked), "the beginning and the end");
	image_is_none(in, facts, "it is text, not an image: \"%s\"", text);
}

const struct image_format image_format_text = {
	.word = "text", .title = "text", .matches = is_text, .inspect = inspect_text,
};
