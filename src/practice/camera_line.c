/* Lines as a loader and a small shell read and split them. */
#include <ctype.h>

#include "src/base/text.h"
#include "src/practice/camera.h"

/* ---- typing ---- */

static void rub_out(struct camera *cam, enum line_kind kind)
{
	if (kind != LINE_HIDDEN)
		say(cam, "\b \b");
}

/* Swallows an escape sequence as far as it has come: cursor keys mean nothing here. */
static void skip_escape(struct camera *cam)
{
	int key = camera_wait(cam, 20) ? camera_key(cam) : -1;

	while (key == '[' || key == 'O' || key == ';' || (key >= '0' && key <= '9'))
		key = camera_key(cam);
}

enum line_result line_read(struct camera *cam, enum line_kind kind, char *to, size_t size)
{
	size_t used = 0;

	for (;;) {
		int key = camera_wait_key(cam);

		if (key < 0)
			return LINE_HALTED;
		if (key == '\r' || key == '\n') {
			say(cam, "\n");
			to[used] = '\0';
			return LINE_ENTERED;
		}
		if (key == 0x03) {
			say(cam, kind == LINE_OF_LOADER ? "<INTERRUPT>\n" : "^C\n");
			return LINE_INTERRUPTED;
		}
		if (key == 0x04 && kind == LINE_OF_SHELL && used == 0) {
			say(cam, "\n");
			return text_copy(to, size, "exit"), LINE_ENTERED;
		}
		if (key == 0x1b) {
			skip_escape(cam);
		} else if (key == 0x15) {
			for (; used > 0; used--)
				rub_out(cam, kind);
		} else if ((key == 0x08 || key == 0x7f) && used > 0) {
			used--;
			rub_out(cam, kind);
		} else if (key >= 0x20 && key < 0x7f && used < size - 1) {
			to[used++] = (char)key;
			if (kind != LINE_HIDDEN)
				say(cam, "%c", key);
		} else {
			say(cam, "\a");
		}
	}
}

/* ---- splitting ---- */

struct splitter {
	struct words *words;
	const struct camera *cam;
	words_lookup *lookup;
	const char *at;
	size_t used;		/* of the pool */
	bool in_word, is_full;
};

static void put(struct splitter *split, char c)
{
	struct words *words = split->words;

	if (split->used + 2 > sizeof(words->pool) || (!split->in_word && words->count == CAMERA_WORDS_MAX)) {
		split->is_full = true;
		return;
	}
	if (!split->in_word)
		words->word[words->count++] = words->pool + split->used;
	split->in_word = true;
	words->pool[split->used++] = c;
}

static void end_word(struct splitter *split)
{
	if (split->in_word)
		split->words->pool[split->used++] = '\0';	/* put() left room */
	split->in_word = false;
}

/* An empty word, "" or '', counts as well. */
static void begin_word(struct splitter *split)
{
	if (split->in_word)
		return;
	put(split, ' ');
	if (!split->is_full)
		split->used--;
}

/* At '$': ${name}, $name, $? ; any other dollar stands for itself. */
static void expand(struct splitter *split, bool is_quoted)
{
	const char *at = split->at + 1;
	bool is_braced = *at == '{';
	char name[64];
	size_t size = 0;
	const char *value;

	at += is_braced;
	if (*at == '?')
		name[size++] = *at++;
	else
		while ((isalnum((unsigned char)*at) || *at == '_') && size < sizeof(name) - 1)
			name[size++] = *at++;
	name[size] = '\0';
	if (size == 0 || (is_braced && *at != '}')) {
		put(split, *split->at++);
		return;
	}
	split->at = at + is_braced;
	value = split->lookup(split->cam, name);
	for (; value != NULL && *value != '\0'; value++) {
		if (*value == ' ' && !is_quoted)
			end_word(split);
		else
			put(split, *value);
	}
}

/* At the opening quote; false when it is never closed. */
static bool take_quoted(struct splitter *split)
{
	char quote = *split->at++;

	begin_word(split);
	while (*split->at != '\0' && *split->at != quote) {
		if (quote == '"' && *split->at == '$') {
			expand(split, true);
			continue;
		}
		if (quote == '"' && *split->at == '\\' && split->at[1] != '\0' && strchr("\"\\$", split->at[1]) != NULL)
			split->at++;
		put(split, *split->at++);
	}
	if (*split->at != quote)
		return false;
	split->at++;
	return true;
}

/* At a separator: takes it. A lone '&' is part of a word here. */
static bool take_separator(struct splitter *split, enum separator *ret_separator)
{
	const char *at = split->at;

	if (*at == ';' || *at == '\n')
		*ret_separator = SEPARATOR_THEN;
	else if (at[0] == '&' && at[1] == '&')
		*ret_separator = SEPARATOR_AND;
	else if (at[0] == '|' && at[1] == '|')
		*ret_separator = SEPARATOR_OR;
	else
		return false;
	split->at += *ret_separator == SEPARATOR_THEN ? 1 : 2;
	return true;
}

enum separator words_take(struct words *words, const char **line, const struct camera *cam, words_lookup *lookup)
{
	struct splitter split = { .words = words, .cam = cam, .lookup = lookup, .at = *line };
	enum separator separator = SEPARATOR_NONE;
	const char *wrong = NULL;

	words->count = 0;
	while (*split.at != '\0' && !take_separator(&split, &separator) && wrong == NULL && !split.is_full) {
		char c = *split.at;

		if (c == '#' && !split.in_word) {
			split.at += strlen(split.at);
		} else if (c == ' ' || c == '\t') {
			end_word(&split);
			split.at++;
		} else if (c == '$') {
			expand(&split, false);
		} else if (c == '\'' || c == '"') {
			if (!take_quoted(&split))
				wrong = "syntax error: a quote is not closed";
		} else {
			if (c == '\\' && split.at[1] != '\0')
				split.at++;
			put(&split, *split.at++);
		}
	}
	end_word(&split);
	*line = split.at;
	words->word[words->count] = NULL;
	if (wrong == NULL && !split.is_full)
		return separator;
	text_copy(words->pool, sizeof(words->pool), wrong != NULL ? wrong : "** Too many args (max. 32) **");
	return SEPARATOR_ERROR;
}

int line_run(struct camera *cam, const char *line, words_lookup *lookup, words_run *run)
{
	bool skip = false;

	while (*line != '\0' && cam->halt == CAMERA_RUNS && !cam->was_interrupted) {
		struct words words;
		enum separator separator = words_take(&words, &line, cam, lookup);

		if (separator == SEPARATOR_ERROR) {
			say(cam, "%s\n", words.pool);
			return cam->last_result = 1;
		}
		if (!skip && words.count > 0)
			cam->last_result = run(cam, words.count, words.word);
		skip = (separator == SEPARATOR_AND && cam->last_result != 0) ||
		       (separator == SEPARATOR_OR && cam->last_result == 0);
	}
	return cam->last_result;
}
