#include "tests/fakes/fake_image.h"

#include <ctype.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { FILE_SIZE = 0x760000, KERNEL = 0x200, ROOT = 0x180000, SETTINGS = 0x700000 };

static const char header[] = "TPL\x01 Example ER100 3.16.9 build 20160428";

/* A header, a packed kernel, a root file system that is packed but for its tables, erased flash, settings, zeros. */
static uint8_t byte_at(const struct image_view *view, uint64_t offset)
{
	uint32_t mixed = (uint32_t)(offset * 2654435761u);

	mixed ^= mixed >> 15;
	mixed *= 2246822519u;
	mixed ^= mixed >> 13;
	if (offset < sizeof(header))
		return (uint8_t)header[offset];
	if (offset < KERNEL)
		return 0;
	if (text_contains(view->path, "damaged") && offset >= 0x40000 && offset < 0x50000)
		return 0xff;
	if (offset < ROOT)
		return (uint8_t)mixed;
	if (offset < 0x600000)
		return offset % 0x100000 < 0x30000 ? (uint8_t)(mixed & 0x3f) : (uint8_t)mixed;
	if (offset < SETTINGS)
		return 0xff;
	return offset < 0x720000 ? (uint8_t)("name=value\n"[offset % 11]) : 0;
}

size_t fake_image_read(const struct image_view *view, uint64_t offset, uint8_t *to, size_t size)
{
	size_t count = 0;

	for (; count < size && offset + count < view->size; count++)
		to[count] = byte_at(view, offset + count);
	return count;
}

static void draw_map(struct image_view *view)
{
	uint8_t bytes[IMAGE_MAP_SAMPLE];
	uint64_t offset;
	size_t size;

	image_map_init(&view->map, view->size);
	for (unsigned cell = 0; cell < view->map.count; cell++) {
		struct image_map_tally tally = { .total = 0 };

		for (unsigned piece = 0; image_map_piece(&view->map, cell, piece, &offset, &size); piece++)
			image_map_add(&tally, bytes_of(bytes, fake_image_read(view, offset, bytes, size)));
		image_map_set(&view->map, cell, &tally);
	}
}

static void add_part(struct image_view *view, unsigned depth, uint64_t offset, uint64_t size, const char *format, const char *name,
		     enum image_answer whole)
{
	struct image_part *part = &view->facts.parts[view->facts.part_count++];

	*part = (struct image_part){ .offset = offset, .size = size, .depth = (uint8_t)depth, .whole = whole };
	text_copy(part->format, sizeof(part->format), format);
	text_copy(part->name, sizeof(part->name), name);
}

static void fill_good(struct image_view *view)
{
	struct image_facts *facts = &view->facts;

	text_copy(facts->format, sizeof(facts->format), "tplink-v1");
	text_copy(facts->title, sizeof(facts->title), "TP-Link firmware");
	text_copy(facts->arch, sizeof(facts->arch), "mips");
	text_copy(facts->vendor, sizeof(facts->vendor), "TP-LINK Technologies");
	text_copy(facts->version, sizeof(facts->version), "3.16.9");
	text_copy(facts->boards[0], sizeof(facts->boards[0]), "0x08410009");
	facts->board_count = 1;
	facts->whole = IMAGE_YES;
	text_copy(facts->checked, sizeof(facts->checked), "MD5 of the image");
	facts->declared_size = FILE_SIZE;
	add_part(view, 1, 0, KERNEL, "tplink-header", "header", IMAGE_YES);
	add_part(view, 1, KERNEL, ROOT - KERNEL, "lzma", "kernel", IMAGE_UNKNOWN);
	add_part(view, 2, 0, 0x400000, "linux", "Linux 3.18.20", IMAGE_UNKNOWN);
	view->facts.parts[2].is_unpacked = true;
	add_part(view, 1, ROOT, 0x480000, "squashfs", "rootfs", IMAGE_UNKNOWN);
	add_part(view, 1, SETTINGS, 0x20000, "text", "settings", IMAGE_UNKNOWN);
}

static void fill_damaged(struct image_view *view)
{
	struct image_facts *facts = &view->facts;

	fill_good(view);
	facts->whole = facts->parts[1].whole = IMAGE_NO;
	facts->parts[0].whole = IMAGE_UNKNOWN;
	facts->problem_count = 2;
	facts->broken_count = 1;
	facts->problems[0].offset = 0x40000;
	text_copy(facts->problems[0].what, sizeof(facts->problems[0].what),
		  "the MD5 of the image does not match: expected 8b1a9953c4611296a827abf8c47804d7, found 5d41402abc4b2a76b9719d911017c592");
	facts->problems[1].offset = SETTINGS;
	text_copy(facts->problems[1].what, sizeof(facts->problems[1].what), "settings of another device stand in it");
}

static void fill_nested(struct image_view *view)
{
	struct image_facts *facts = &view->facts;

	text_copy(facts->format, sizeof(facts->format), "zip");
	text_copy(facts->title, sizeof(facts->title), "zip archive");
	text_copy(facts->checked, sizeof(facts->checked), "structure; its checksums need unpacking");
	for (unsigned i = 0; i < 12; i++) {
		char name[32];

		add_part(view, 1, 0, 1000 + i, "unknown", text_format(name, sizeof(name), "release/notes-%u.txt", i), IMAGE_UNKNOWN);
	}
	add_part(view, 1, 0, 5000000, "tar", "release/firmware.tar.gz", IMAGE_UNKNOWN);
	add_part(view, 2, 0, 1900000, "uimage", "kernel", IMAGE_YES);
	add_part(view, 2, 0, 3000000, "squashfs", "root", IMAGE_UNKNOWN);
	for (unsigned i = 0; i < facts->part_count; i++)
		facts->parts[i].is_unpacked = true;
}

static bool is_named(const struct image_view *view, const char *name)
{
	return text_contains(view->path, name);
}

static void judge(struct image_view *view)
{
	if (view->facts.whole == IMAGE_NO)
		text_copy(view->to_do, sizeof(view->to_do),
			  "Do not write it. Fetch it again, without resuming the old download, and compare its SHA-256 with the vendor's.");
	if (view->case_id == 0)
		return;
	text_copy(view->device, sizeof(view->device), "Hikvision DS-2CD2032-I");
	view->fit = IMAGE_WRONG_CPU;
	text_copy(view->fit_reason, sizeof(view->fit_reason), "the image is for mips, the device has armv7");
	if (view->facts.whole != IMAGE_NO)
		text_copy(view->to_do, sizeof(view->to_do),
			  "Do not write it to this device. Choose the package for the model and the revision on its sticker.");
}

void fake_image_finish(struct image_view *view, bool is_deep)
{
	view->state = IMAGE_VIEW_READY;
	view->is_deep = is_deep;
	memset(&view->facts, 0, sizeof(view->facts));
	view->facts.file_size = view->size;
	text_copy(view->sha256, sizeof(view->sha256), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	(is_named(view, "damaged") ? fill_damaged : is_named(view, "nested") ? fill_nested : fill_good)(view);
	draw_map(view);
	image_map_mark(&view->map, &view->facts);
	judge(view);
}

enum status fake_image_open(struct image_view *view, const char *path, int64_t case_id, struct error *reterr)
{
	if (text_contains(path, "missing")) {
		error_set(reterr, STATUS_NOT_FOUND, "cannot open image '%s': there is no such file", path);
		return error_hint(reterr, "Check the path; a name with blanks needs no quotes here");
	}
	if (view->id != 0 && text_equal(view->path, path) && view->case_id == case_id)
		return STATUS_OK;
	*view = (struct image_view){ .id = 1, .case_id = case_id, .size = FILE_SIZE };
	text_copy(view->path, sizeof(view->path), path);
	if (!is_named(view, "large")) {
		fake_image_finish(view, false);
		return STATUS_OK;
	}
	draw_map(view);
	view->map.is_sampled = true;
	view->progress = (struct progress){ "read", 1352914698, 2147483648, 4000, 201326592, false, false };
	return STATUS_OK;
}

void fake_image_find(struct image_view *view, uint64_t from, struct bytes pattern, bool ignores_case)
{
	struct image_search *search = &view->search;
	size_t same = 0;

	search->finished++;
	search->is_found = false;
	for (uint64_t at = from; at < view->size && !search->is_found; at++) {
		for (same = 0; same < pattern.size && at + same < view->size; same++) {
			uint8_t is = byte_at(view, at + same), wanted = pattern.data[same];

			if (ignores_case ? tolower(is) != tolower(wanted) : is != wanted)
				break;
		}
		search->is_found = same == pattern.size;
		search->offset = at;
	}
}
