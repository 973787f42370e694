#include "ui/image_rows.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { LABEL_WIDTH = 11 };

struct rows {
	struct image_row *row;
	unsigned count;
};

static void add(struct rows *rows, enum role role, const char *label, const char *format, ...) __attribute__((format(printf, 4, 5)));
static void add(struct rows *rows, enum role role, const char *label, const char *format, ...)
{
	struct image_row *row;
	va_list args;

	if (rows->count == IMAGE_ROWS_MAX)
		return;
	row = &rows->row[rows->count++];
	row->role = role;
	text_copy(row->label, sizeof(row->label), label);
	va_start(args, format);
	vsnprintf(row->text, sizeof(row->text), format, args);
	va_end(args);
}

static void add_whole(struct rows *rows, const struct image_view *view)
{
	const struct image_facts *facts = &view->facts;
	static const char *const words[] = { [IMAGE_UNKNOWN] = "not known", [IMAGE_NO] = "NO, IT IS DAMAGED", [IMAGE_YES] = "yes" };
	static const enum role roles[] = { [IMAGE_UNKNOWN] = ROLE_ATTENTION, [IMAGE_NO] = ROLE_DANGER, [IMAGE_YES] = ROLE_GOOD };

	add(rows, roles[facts->whole], "Whole?", "%s%s%s", facts->is_no_image ? "NO, IT IS NO IMAGE" : words[facts->whole],
	    facts->checked[0] ? "; looked at: " : "", facts->checked);
	for (unsigned i = 0; i < facts->problem_count && i < IMAGE_PROBLEMS; i++)
		add(rows, i < facts->broken_count ? ROLE_DANGER : ROLE_ATTENTION, i < facts->broken_count ? "Damage" : "Note", "0x%" PRIx64 ": %s",
		    facts->problems[i].offset, facts->problems[i].what);
	if (view->is_deep)
		add(rows, ROLE_NORMAL, "Unpacked", "what is packed in it was unpacked too, where the packing is known");
	else if (facts->whole != IMAGE_NO && (facts->needs_deep_look || image_has_begun_part(facts)))
		add(rows, ROLE_NORMAL, "More", "not all that is packed in it was unpacked to its end: d does that");
}

static void add_fit(struct rows *rows, const struct image_view *view)
{
	static const char *const words[] = { [IMAGE_FIT_UNKNOWN] = "not known", [IMAGE_FITS] = "yes", [IMAGE_WRONG_CPU] = "NO, WRONG PROCESSOR",
					     [IMAGE_WRONG_BOARD] = "NO, WRONG BOARD", [IMAGE_WRONG_REVISION] = "NO, WRONG REVISION" };
	enum role role = view->fit == IMAGE_FITS ? ROLE_GOOD : view->fit == IMAGE_FIT_UNKNOWN ? ROLE_ATTENTION : ROLE_DANGER;

	if (view->device[0] != '\0' && view->fit <= IMAGE_WRONG_REVISION)
		add(rows, role, "Fits?", "%s (%s)%s%s", words[view->fit], view->device, view->fit_reason[0] ? ": " : "", view->fit_reason);
}

static void add_hardware(struct rows *rows, const struct image_facts *facts)
{
	char boards[IMAGE_BOARDS * 66] = "";

	for (unsigned i = 0; i < facts->board_count && i < IMAGE_BOARDS; i++)
		text_append(boards, sizeof(boards), "%s%s", i > 0 ? "; " : "", facts->boards[i]);
	if (boards[0])
		add(rows, ROLE_NORMAL, "For", "%s", boards);
	if (facts->revision[0])
		add(rows, ROLE_NORMAL, "Revision", "%s", facts->revision);
	add(rows, facts->arch[0] ? ROLE_NORMAL : ROLE_DIM, "Processor", "%s%s", facts->arch[0] ? facts->arch : "the file does not say",
	    facts->is_arch_guessed ? " (guessed from the code)" : "");
}

static void add_origin(struct rows *rows, const struct image_facts *facts)
{
	if (facts->vendor[0])
		add(rows, ROLE_NORMAL, "Vendor", "%s", facts->vendor);
	if (facts->name[0])
		add(rows, ROLE_NORMAL, "Name", "%s", facts->name);
	if (facts->version[0])
		add(rows, ROLE_NORMAL, "Version", "%s", facts->version);
	if (facts->compression[0])
		add(rows, ROLE_NORMAL, "Packed by", "%s", facts->compression);
}

static void add_file(struct rows *rows, const struct image_view *view)
{
	char size[24];

	if (view->size < 1024)
		add(rows, ROLE_NORMAL, "Size", "%" PRIu64 " bytes", view->size);
	else
		add(rows, ROLE_NORMAL, "Size", "%" PRIu64 " bytes (%s)", view->size, text_size(size, sizeof(size), view->size));
	if (view->facts.declared_size > 0 && view->facts.declared_size != view->size)
		add(rows, ROLE_NORMAL, "Says", "%" PRIu64 " bytes of itself", view->facts.declared_size);
	add(rows, ROLE_NORMAL, "SHA-256", "%s", view->sha256);
	if (view->map.is_sampled)
		add(rows, ROLE_DIM, "Picture", "made from samples, 8 MiB of the file spread over it; everything else here from all of it");
	add(rows, ROLE_DIM, "File", "%s", view->path);
}

unsigned image_rows(const struct image_view *view, struct image_row *ret_rows)
{
	struct rows rows = { .row = ret_rows };

	add(&rows, ROLE_STRONG, "What", "%s%s", view->facts.title, view->facts.is_flash_image ? "; several parts behind each other" : "");
	add_whole(&rows, view);
	add_fit(&rows, view);
	if (view->to_do[0])
		add(&rows, ROLE_STRONG, "To do", "%s", view->to_do);
	if (view->facts.warning[0])
		add(&rows, ROLE_ATTENTION, "Careful", "%s", view->facts.warning);
	add_hardware(&rows, &view->facts);
	add_origin(&rows, &view->facts);
	add_file(&rows, view);
	return rows.count;
}

int image_rows_draw(const struct image_view *view, struct canvas *to, int y, int x, int width, int bottom, int top)
{
	struct image_row rows[IMAGE_ROWS_MAX];
	unsigned count = image_rows(view, rows);
	struct canvas part = *to;
	int at = y - top;

	part.rows = bottom < to->rows ? bottom : to->rows;
	for (unsigned i = 0; i < count; i++) {
		int used = canvas_wrap_rows(&part, width - LABEL_WIDTH, rows[i].text);

		/* a row that is scrolled off in part would be drawn over what stands above */
		if (at >= y) {
			canvas_put(&part, at, x, LABEL_WIDTH - 1, rows[i].role == ROLE_NORMAL ? ROLE_DIM : rows[i].role, rows[i].label);
			canvas_wrap(&part, at, x + LABEL_WIDTH, width - LABEL_WIDTH, 20, rows[i].role, rows[i].text);
		}
		at += used > 0 ? used : 1;
	}
	return at - y + top;
}
