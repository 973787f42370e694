#define PCRE2_CODE_UNIT_WIDTH 8
#include "ui/console_search.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "ui/terminal_history.h"

enum {
	MATCH_LIMIT = 10000,		/* steps of the matcher on one row: 100,000 rows must not hold up the screen */
	DEPTH_LIMIT = 500,
	HEAP_LIMIT_KIB = 256,
};

struct console_search {
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *data;
};

DEFINE_AUTO(console_search);

void console_search_free(struct console_search *search)
{
	if (search == NULL)
		return;
	pcre2_match_data_free(search->data);
	pcre2_match_context_free(search->limits);
	pcre2_code_free(search->code);
	free(search);
}

static enum status compile(const char *text, pcre2_code **ret_code, struct error *reterr)
{
	bool is_expression = text[0] == '/' && text[1] != '\0';
	const char *pattern = is_expression ? text + 1 : text;
	uint32_t options = PCRE2_CASELESS | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
			   (is_expression ? PCRE2_NEVER_BACKSLASH_C : PCRE2_LITERAL);
	PCRE2_SIZE where;
	PCRE2_UCHAR why[120];
	int number;

	*ret_code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &number, &where, NULL);
	if (*ret_code != NULL)
		return STATUS_OK;
	pcre2_get_error_message(number, why, sizeof(why));
	error_set(reterr, STATUS_INVALID, "'%s' is no expression: %s, at character %zu", pattern, (const char *)why,
		  (size_t)where + 1);
	return error_hint(reterr, "without the slash in front the text is searched for as it stands");
}

enum status console_search_new(const char *text, struct console_search **ret_search, struct error *reterr)
{
	AUTO(console_search) search = calloc(1, sizeof(*search));
	enum status status;

	if (search == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a search");
	status = compile(text, &search->code, reterr);
	if (status != STATUS_OK)
		return status;
	search->limits = pcre2_match_context_create(NULL);
	search->data = pcre2_match_data_create(1, NULL);
	if (search->limits == NULL || search->data == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a search");
	pcre2_set_match_limit(search->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(search->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(search->limits, HEAP_LIMIT_KIB);
	(void)pcre2_jit_compile(search->code, PCRE2_JIT_COMPLETE);	/* without it, it is slower */
	*ret_search = TAKE(search);
	return STATUS_OK;
}

/* Where the first hit stands in the row's bytes. */
static bool match(struct console_search *search, const char *text, size_t size, size_t *ret_from, size_t *ret_to)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(search->data);

	/* 0 groups fit: the whole is there all the same */
	if (pcre2_match(search->code, (PCRE2_SPTR)text, size, 0, 0, search->data, search->limits) < 0)
		return false;
	*ret_from = at[0];
	*ret_to = at[1];
	return at[1] >= at[0] && at[1] <= size;
}

void console_search_find(struct console_search *search, struct terminal_view *view, uint64_t from_row, bool is_up,
			 struct console_hits *ret_hits)
{
	char text[TERMINAL_LINE_TEXT_MAX];
	uint64_t end = terminal_view_end_row(view);
	size_t from, to;

	*ret_hits = (struct console_hits){ .place.row = UINT64_MAX };
	for (uint64_t row = terminal_view_first_row(view); row < end; row++) {
		size_t size = terminal_view_row_text(view, row, text, sizeof(text));

		if (size == 0 || !match(search, text, size, &from, &to))
			continue;
		ret_hits->total++;
		if (is_up ? row >= from_row : row <= from_row || ret_hits->place.row != UINT64_MAX)
			continue;
		ret_hits->place = (struct terminal_place){ .row = row, .from = from, .size = to - from };
		ret_hits->number = ret_hits->total;
	}
}
