/* recovery/diagnosis/sign_filter.c */
#include "recovery/diagnosis/sign_filter.h"

#include <ctype.h>
#include <stdlib.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	NODES_MAX = 60000,
	DEPTH_MAX = 16,		/* letters of a word that are searched: more make the table larger than the processor's cache, fewer let patterns run in
				 * vain */
	CLASSES_MAX = 96,	/* bytes that occur in words; all others are one class */
	GROUP_DEPTH = 4,	/* deeper groups are not looked into */
};

static const uint32_t nothing = UINT32_MAX;

struct node {
	uint32_t output;	/* first of this node's outputs, or `nothing` */
	uint16_t suffix;	/* nearest shorter ending that is a node */
	uint16_t report;	/* nearest node of this chain, itself first, that has outputs; 0: none */
};

struct output {
	uint32_t owner;
	uint32_t next;
};

struct sign_filter {
	uint8_t class_of[256];
	unsigned class_count;
	uint16_t *next;		/* node_count rows: of CLASSES_MAX while building, of class_count afterwards */
	uint64_t reports[NODES_MAX / 64 + 1];	/* nodes that have something to report */
	struct node *nodes;
	size_t node_count, node_room;
	struct output *outputs;
	size_t output_count, output_room;
	uint64_t *always;
	size_t owners;
};

/* Skips a group or a class that begins at at; returns what is behind it. */
static const char *skip_bracket(const char *at)
{
	int depth = 0;
	bool is_class = false;

	for (; *at != '\0'; at++) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		else if (is_class)
			is_class = *at != ']';
		else if (*at == '[') {
			is_class = true;
			if (at[1] == '^')
				at++;
			if (at[1] == ']')	/* a ']' in first place is a member */
				at++;
		} else if (*at == '(')
			depth++;
		else if (*at == ')')
			depth--;
		if (depth == 0 && !is_class)
			return at + 1;
	}
	return at;
}

static const char *skip_braces(const char *at)
{
	while (*at != '\0' && *at != '}')
		at++;
	return *at == '}' ? at + 1 : at;
}

/* The literal character at *at, 0 when it is not one; *at moves behind it. */
static char take_literal(const char **at)
{
	char c = **at;

	if (c == '\\') {
		char escaped = (*at)[1];

		*at += escaped != '\0' ? 2 : 1;
		return isalnum((unsigned char)escaped) || escaped == '\0' ? '\0' : escaped;
	}
	if (c == '(' || c == '[') {
		*at = skip_bracket(*at);
		return '\0';
	}
	(*at)++;
	return c == '.' || c == '^' || c == '$' ? '\0' : c;
}

/* How well a set parts lines: by its shortest word. */
static size_t worth(const struct sign_words *words)
{
	size_t least = 0;

	for (size_t i = 0; i < words->count; i++) {
		size_t size = strlen(words->word[i]);

		if (i == 0 || size < least)
			least = size;
	}
	return least;
}

static void keep_run(struct sign_words *best, char *run, size_t *run_size)
{
	run[*run_size] = '\0';
	if (*run_size > worth(best)) {
		text_copy(best->word[0], SIGN_FILTER_WORD_MAX, run);
		best->count = 1;
	}
	*run_size = 0;
}

static bool is_optional(char quantifier)
{
	return quantifier == '?' || quantifier == '*' || quantifier == '{';
}

static const char *skip_quantifier(const char *at)
{
	while (*at == '?' || *at == '*' || *at == '+' || *at == '{')
		at = *at == '{' ? skip_braces(at) : at + 1;
	return at;
}

static const char *scan_choice(const char *at, int depth, struct sign_words *ret_words);

/* A group at at; what it cannot do without may be better than what stands around it. */
static const char *scan_group(const char *at, int depth, struct sign_words *best)
{
	const char *end = skip_bracket(at);
	struct sign_words inner = { .count = 0 };

	if (depth == 0 || (at[1] == '?' && at[2] != ':'))	/* a look around, or flags */
		return end;
	(void)scan_choice(at + (at[1] == '?' ? 3 : 1), depth - 1, &inner);
	if (!is_optional(*end) && worth(&inner) > worth(best))
		*best = inner;
	return end;
}

/* One alternative; returns where it ends. */
static const char *scan_alternative(const char *at, int depth, struct sign_words *best)
{
	char run[SIGN_FILTER_WORD_MAX];
	size_t size = 0;

	best->count = 0;
	while (*at != '\0' && *at != '|' && *at != ')') {
		char c = '\0';

		if (*at == '(')
			at = scan_group(at, depth, best);
		else
			c = take_literal(&at);
		if (c == '\0' || is_optional(*at) || size + 1 == sizeof(run))
			keep_run(best, run, &size);
		if (c != '\0' && !is_optional(*at))
			run[size++] = (char)tolower((unsigned char)c);
		if (*at == '+')		/* once for certain, then nobody knows */
			keep_run(best, run, &size);
		at = skip_quantifier(at);
	}
	keep_run(best, run, &size);
	return at;
}

/* Alternatives up to the end of the group; each must give its share, or nothing is certain. */
static const char *scan_choice(const char *at, int depth, struct sign_words *ret_words)
{
	struct sign_words one;
	bool is_certain = true;

	ret_words->count = 0;
	for (;;) {
		at = scan_alternative(at, depth, &one);
		is_certain &= one.count > 0 && ret_words->count + one.count <= SIGN_FILTER_WORDS_MAX;
		for (size_t i = 0; is_certain && i < one.count; i++)
			text_copy(ret_words->word[ret_words->count++], SIGN_FILTER_WORD_MAX, one.word[i]);
		if (*at != '|')
			break;
		at++;
	}
	if (!is_certain)
		ret_words->count = 0;
	return at;
}

void sign_words_of(const char *pattern, struct sign_words *ret_words)
{
	(void)scan_choice(pattern, GROUP_DEPTH, ret_words);
}

DEFINE_AUTO(sign_filter);

static enum status new_node(struct sign_filter *filter, uint16_t *ret_node, struct error *reterr)
{
	if (filter->node_count == NODES_MAX)
		return error_set(reterr, STATUS_NO_SPACE, "the signs hold too much text for the filter");
	if (filter->node_count == filter->node_room) {
		size_t room = filter->node_room ? filter->node_room * 2 : 1024;
		struct node *nodes = realloc(filter->nodes, room * sizeof(*nodes));
		uint16_t *next;

		if (nodes == NULL)
			return error_set(reterr, STATUS_NO_MEMORY, "no memory for the sign filter");
		filter->nodes = nodes;
		next = realloc(filter->next, room * CLASSES_MAX * sizeof(*next));
		if (next == NULL)
			return error_set(reterr, STATUS_NO_MEMORY, "no memory for the sign filter");
		filter->next = next;
		filter->node_room = room;
	}
	memset(filter->next + filter->node_count * CLASSES_MAX, 0, CLASSES_MAX * sizeof(*filter->next));
	filter->nodes[filter->node_count] = (struct node){ .output = nothing };
	*ret_node = (uint16_t)filter->node_count++;
	return STATUS_OK;
}

enum status sign_filter_new(size_t owners, struct sign_filter **ret_filter, struct error *reterr)
{
	AUTO(sign_filter) filter = calloc(1, sizeof(*filter));
	uint16_t root;
	enum status status;

	if (filter != NULL)
		filter->always = calloc((owners + 63) / 64 + 1, sizeof(*filter->always));
	if (filter == NULL || filter->always == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the sign filter");
	filter->owners = owners;
	filter->class_count = 1;
	status = new_node(filter, &root, reterr);
	if (status != STATUS_OK)
		return status;
	*ret_filter = TAKE(filter);
	return STATUS_OK;
}

void sign_filter_free(struct sign_filter *filter)
{
	if (filter == NULL)
		return;
	free(filter->next);
	free(filter->nodes);
	free(filter->outputs);
	free(filter->always);
	free(filter);
}

static enum status add_output(struct sign_filter *filter, uint16_t node, size_t owner, struct error *reterr)
{
	if (filter->output_count == filter->output_room) {
		size_t room = filter->output_room ? filter->output_room * 2 : 256;
		struct output *outputs = realloc(filter->outputs, room * sizeof(*outputs));

		if (outputs == NULL)
			return error_set(reterr, STATUS_NO_MEMORY, "no memory for the sign filter");
		filter->outputs = outputs;
		filter->output_room = room;
	}
	filter->outputs[filter->output_count] = (struct output){ (uint32_t)owner, filter->nodes[node].output };
	filter->nodes[node].output = (uint32_t)filter->output_count++;
	return STATUS_OK;
}

static enum status add_word(struct sign_filter *filter, size_t owner, const char *word, struct error *reterr)
{
	uint16_t node = 0;

	for (const char *end = word + DEPTH_MAX; *word != '\0' && word < end; word++) {
		uint8_t byte = (uint8_t)*word;
		uint16_t child;
		enum status status;

		if (filter->class_of[byte] == 0) {
			if (filter->class_count == CLASSES_MAX)
				break;		/* a shorter word only lets more lines through */
			filter->class_of[byte] = (uint8_t)filter->class_count++;
			filter->class_of[toupper(byte)] = filter->class_of[byte];
		}
		child = filter->next[node * CLASSES_MAX + filter->class_of[byte]];
		if (child == 0) {
			status = new_node(filter, &child, reterr);
			if (status != STATUS_OK)
				return status;
			filter->next[node * CLASSES_MAX + filter->class_of[byte]] = child;
		}
		node = child;
	}
	if (node == 0) {
		filter->always[owner / 64] |= UINT64_C(1) << owner % 64;
		return STATUS_OK;
	}
	return add_output(filter, node, owner, reterr);
}

enum status sign_filter_add(struct sign_filter *filter, size_t owner, const char *pattern, struct error *reterr)
{
	struct sign_words words;

	sign_words_of(pattern, &words);
	if (words.count == 0)
		filter->always[owner / 64] |= UINT64_C(1) << owner % 64;
	for (size_t i = 0; i < words.count; i++) {
		enum status status = add_word(filter, owner, words.word[i], reterr);

		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

/* Nodes near the root are visited for nearly every byte: side by side they stay in the processor's cache. order: the nodes but the root,
 * shallow ones first. */
static enum status put_in_order(struct sign_filter *filter, const uint16_t *order, size_t count, struct error *reterr)
{
	AUTO_FREE uint16_t *next = calloc(filter->node_count * filter->class_count, sizeof(*next)), *place = calloc(filter->node_count, sizeof(*place));
	AUTO_FREE struct node *nodes = calloc(filter->node_count, sizeof(*nodes));

	if (next == NULL || place == NULL || nodes == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the sign filter");
	for (size_t i = 0; i < count; i++)
		place[order[i]] = (uint16_t)(i + 1);
	for (size_t i = 0; i < filter->node_count; i++) {
		struct node *to = &nodes[place[i]];

		*to = filter->nodes[i];
		to->suffix = place[to->suffix];
		to->report = place[to->report];
		if (to->report != 0)
			filter->reports[place[i] / 64] |= UINT64_C(1) << place[i] % 64;
		for (unsigned c = 0; c < filter->class_count; c++)
			next[place[i] * filter->class_count + c] = place[filter->next[i * CLASSES_MAX + c]];
	}
	free(filter->next);
	filter->next = TAKE(next);
	free(filter->nodes);
	filter->nodes = TAKE(nodes);
	return STATUS_OK;
}

enum status sign_filter_close(struct sign_filter *filter, struct error *reterr)
{
	AUTO_FREE uint16_t *queue = calloc(filter->node_count, sizeof(*queue));
	size_t head = 0, tail = 0;

	if (queue == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the sign filter");
	for (unsigned c = 0; c < CLASSES_MAX; c++)
		if (filter->next[c] != 0)
			queue[tail++] = filter->next[c];
	while (head < tail) {	/* breadth first: a suffix is shorter, so it is finished before */
		uint16_t at = queue[head++], suffix = filter->nodes[at].suffix;

		filter->nodes[at].report = filter->nodes[at].output != nothing ? at : filter->nodes[suffix].report;
		for (unsigned c = 0; c < CLASSES_MAX; c++) {
			uint16_t *child = &filter->next[at * CLASSES_MAX + c];

			if (*child != 0) {
				filter->nodes[*child].suffix = filter->next[suffix * CLASSES_MAX + c];
				queue[tail++] = *child;
			} else {
				*child = filter->next[suffix * CLASSES_MAX + c];
			}
		}
	}
	return put_in_order(filter, queue, tail, reterr);
}

size_t sign_filter_words(const struct sign_filter *filter)
{
	return (filter->owners + 63) / 64 + 1;
}

static void report(const struct sign_filter *filter, uint16_t node, uint64_t *owners)
{
	for (node = filter->nodes[node].report; node != 0;
	     node = filter->nodes[filter->nodes[node].suffix].report)
		for (uint32_t i = filter->nodes[node].output; i != nothing; i = filter->outputs[i].next)
			owners[filter->outputs[i].owner / 64] |= UINT64_C(1) << filter->outputs[i].owner % 64;
}

bool sign_filter_find(const struct sign_filter *filter, struct bytes line, uint64_t *ret_owners)
{
	uint64_t any = 0;
	size_t node = 0;

	memcpy(ret_owners, filter->always, sign_filter_words(filter) * sizeof(*ret_owners));
	for (size_t i = 0; i < line.size; i++) {
		node = filter->next[node * filter->class_count + filter->class_of[line.data[i]]];
		if (filter->reports[node / 64] >> node % 64 & 1)
			report(filter, (uint16_t)node, ret_owners);
	}
	for (size_t i = 0; i < sign_filter_words(filter); i++)
		any |= ret_owners[i];
	return any != 0;
}
