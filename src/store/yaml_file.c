/* A file's text and whether it is sound. Depth is counted while the events come: deep nesting costs libyaml time by its square
 * (256 KiB of '[' take minutes), so neither yaml_parser_load() nor libcyaml may see it first. */
#include "src/store/yaml_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/yaml_nodes.h"

struct yaml_file {
	char name[512];
	size_t size;
	uint8_t text[];
};

DEFINE_AUTO(yaml_file);
DEFINE_AUTO(yaml_nodes);

struct collection {
	bool is_map, has_key;	/* has_key: a mapping that waits for the value of its last key */
	char key[64];
};

/* The state of looking: the collections that are open, outermost first. */
struct guard {
	const struct yaml_file *file;
	struct error *reterr;
	struct collection open[YAML_FILE_DEPTH_MAX];
	unsigned depth, nodes, documents;
};

static enum status fail_at(const struct guard *guard, yaml_mark_t mark, const char *reason)
{
	return yaml_file_error_at(guard->file, guard->reterr, (unsigned)mark.line + 1, "%s", reason);
}

static bool is_key_next(const struct guard *guard)
{
	return guard->depth > 0 && guard->open[guard->depth - 1].is_map && !guard->open[guard->depth - 1].has_key;
}

/* A key or a value begins. */
static enum status pass_node(struct guard *guard, const yaml_event_t *event)
{
	struct collection *top = guard->depth > 0 ? &guard->open[guard->depth - 1] : NULL;

	if (++guard->nodes > YAML_FILE_NODES_MAX)
		return fail_at(guard, event->start_mark, "the file holds too much");
	if (top == NULL || !top->is_map)
		return STATUS_OK;
	if (!top->has_key && event->type != YAML_SCALAR_EVENT)
		return fail_at(guard, event->start_mark, "a key must be a word");
	top->has_key = !top->has_key;
	if (top->has_key)
		text_copy(top->key, sizeof(top->key), (const char *)event->data.scalar.value);
	return STATUS_OK;
}

static enum status pass_collection(struct guard *guard, const yaml_event_t *event)
{
	enum status status = pass_node(guard, event);

	if (status != STATUS_OK)
		return status;
	if (guard->depth == YAML_FILE_DEPTH_MAX)
		return fail_at(guard, event->start_mark, "nested too deeply");
	guard->open[guard->depth++] = (struct collection){ .is_map = event->type == YAML_MAPPING_START_EVENT };
	return STATUS_OK;
}

/* What a YAML reader takes for nothing (YAML 1.2.2, 10.3.2): it would be the text "null" here. */
static bool is_nothing(const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;

	return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (text[0] == '\0' || text_equal(text, "~") || text_equal(text, "null") || text_equal(text, "Null") ||
		text_equal(text, "NULL"));
}

static enum status report_nothing(const struct guard *guard, yaml_mark_t mark)
{
	unsigned depth = guard->depth;

	if (depth == 0)
		return fail_at(guard, mark, "the file is empty");
	if (is_key_next(guard))
		return fail_at(guard, mark, "a key must be a word");
	while (depth > 1 && !guard->open[depth - 1].is_map)
		depth--;
	return yaml_file_error_at(guard->file, guard->reterr, (unsigned)mark.line + 1, "%s'%s' has no value",
				  depth < guard->depth ? "an entry of " : "", guard->open[depth - 1].key);
}

static enum status pass_text(struct guard *guard, const yaml_event_t *event)
{
	size_t length = event->data.scalar.length;

	if (length > YAML_FILE_TEXT_MAX)
		return fail_at(guard, event->start_mark, "the text is too long");
	if (memchr(event->data.scalar.value, '\0', length) != NULL)
		return fail_at(guard, event->start_mark, "NUL in a text");
	if (is_nothing(event))
		return report_nothing(guard, event->start_mark);
	return pass_node(guard, event);
}

static enum status pass_event(struct guard *guard, const yaml_event_t *event)
{
	static const char marked[] = "anchors (&name) and tags (!name) are not used here";

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return guard->documents++ == 0 ? STATUS_OK
					       : fail_at(guard, event->end_mark, "a second document; one file holds one");
	case YAML_ALIAS_EVENT:
		return fail_at(guard, event->start_mark, "aliases (*name) are not used here; write it out");
	case YAML_SCALAR_EVENT:
		if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL)
			return fail_at(guard, event->start_mark, marked);
		return pass_text(guard, event);
	case YAML_SEQUENCE_START_EVENT:
		if (event->data.sequence_start.anchor != NULL || event->data.sequence_start.tag != NULL)
			return fail_at(guard, event->start_mark, marked);
		return pass_collection(guard, event);
	case YAML_MAPPING_START_EVENT:
		if (event->data.mapping_start.anchor != NULL || event->data.mapping_start.tag != NULL)
			return fail_at(guard, event->start_mark, marked);
		return pass_collection(guard, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		guard->depth--;
		return STATUS_OK;
	default:
		return STATUS_OK;
	}
}

/* libyaml reads far ahead: of a byte that it cannot read it knows the place in the file only. */
static size_t line_of(const struct yaml_file *file, size_t offset)
{
	size_t line = 0;

	for (size_t i = 0; i < offset && i < file->size; i++)
		line += file->text[i] == '\n' || (file->text[i] == '\r' && (i + 1 == file->size || file->text[i + 1] != '\n'));
	return line;
}

static enum status report_syntax(const struct guard *guard, const yaml_parser_t *parser)
{
	size_t line = parser->error == YAML_READER_ERROR ? line_of(guard->file, parser->problem_offset)
							 : parser->problem_mark.line;

	if (parser->error == YAML_MEMORY_ERROR)
		return error_set(guard->reterr, STATUS_NO_MEMORY, "no memory to read '%s'", guard->file->name);
	return yaml_file_error_at(guard->file, guard->reterr, (unsigned)line + 1, "%s%s%s",
				  parser->problem ? parser->problem : "not YAML", parser->context ? " " : "",
				  parser->context ? parser->context : "");
}

static enum status check_sound(const struct yaml_file *file, struct error *reterr)
{
	struct guard guard = { .file = file, .reterr = reterr };
	enum status status = STATUS_OK;
	bool at_end = false;
	yaml_parser_t parser;

	if (!yaml_parser_initialize(&parser))
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to read '%s'", file->name);
	yaml_parser_set_input_string(&parser, file->text, file->size);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	while (status == STATUS_OK && !at_end) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event)) {
			status = report_syntax(&guard, &parser);
			break;
		}
		at_end = event.type == YAML_STREAM_END_EVENT;
		status = pass_event(&guard, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	if (status == STATUS_OK && guard.documents == 0)
		status = error_set(reterr, STATUS_INVALID, "%s:1: the file is empty", file->name);
	return status;
}

static struct yaml_file *new_file(const char *name, size_t size, struct error *reterr)
{
	struct yaml_file *file = calloc(1, sizeof(*file) + size + 1);

	if (file == NULL) {
		error_set(reterr, STATUS_NO_MEMORY, "no memory to read '%s'", name);
		return NULL;
	}
	text_copy(file->name, sizeof(file->name), name);
	file->size = size;
	return file;
}

/* Some editors put one in front of UTF-8; to libyaml it is a column, and the second line is indented otherwise than the first. */
static void drop_byte_order_mark(struct yaml_file *file)
{
	static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };

	if (file->size < sizeof(mark) || memcmp(file->text, mark, sizeof(mark)) != 0)
		return;
	file->size -= sizeof(mark);
	memmove(file->text, file->text + sizeof(mark), file->size);
}

static enum status too_large(const char *name, struct error *reterr)
{
	return error_set(reterr, STATUS_INVALID, "%s:1: larger than %u KiB", name, YAML_FILE_SIZE_MAX / 1024);
}

enum status yaml_file_parse(const char *name, struct bytes text, struct yaml_file **ret_file, struct error *reterr)
{
	AUTO(yaml_file) file = NULL;
	enum status status;

	if (text.size > YAML_FILE_SIZE_MAX)
		return too_large(name, reterr);
	file = new_file(name, text.size, reterr);
	if (file == NULL)
		return STATUS_NO_MEMORY;
	if (text.size > 0)
		memcpy(file->text, text.data, text.size);
	drop_byte_order_mark(file);
	status = check_sound(file, reterr);
	if (status == STATUS_OK)
		*ret_file = TAKE(file);
	return status;
}

enum status yaml_file_open(const char *path, struct yaml_file **ret_file, struct error *reterr)
{
	/* O_NONBLOCK: a FIFO among the profiles must not hang the program */
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	AUTO(yaml_file) file = NULL;
	enum status status;
	struct stat about;
	size_t used = 0;

	if (fd < 0 || fstat(fd, &about) != 0)
		return error_set(reterr, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, "cannot open '%s': %s", path,
				 strerror(errno));
	if (!S_ISREG(about.st_mode))
		return error_set(reterr, STATUS_INVALID, "'%s' is no regular file", path);
	if (about.st_size > YAML_FILE_SIZE_MAX)
		return too_large(path, reterr);
	file = new_file(path, (size_t)about.st_size, reterr);
	if (file == NULL)
		return STATUS_NO_MEMORY;
	while (used < file->size) {
		ssize_t got = read(fd, file->text + used, file->size - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(reterr, STATUS_IO, "cannot read '%s': %s", path, strerror(errno));
		if (got == 0)
			break;
		used += (size_t)got;
	}
	file->size = used;
	drop_byte_order_mark(file);
	status = check_sound(file, reterr);
	if (status == STATUS_OK)
		*ret_file = TAKE(file);
	return status;
}

void yaml_file_free(struct yaml_file *file)
{
	free(file);
}

const char *yaml_file_name(const struct yaml_file *file)
{
	return file->name;
}

struct bytes yaml_file_text(const struct yaml_file *file)
{
	return bytes_of(file->text, file->size);
}

/* The text of an error is one line, whatever the file's own texts are. */
static enum status report(const struct yaml_file *file, struct error *reterr, unsigned line, const char *format, va_list args)
{
	char reason[sizeof(reterr->text)];

	vsnprintf(reason, sizeof(reason), format, args);
	for (char *at = reason; *at != '\0'; at++)
		if (*at == '\n' || *at == '\r')
			*at = ' ';
	return error_set(reterr, STATUS_INVALID, "%s:%u: %s", file->name, line, reason);
}

enum status yaml_file_error_at(const struct yaml_file *file, struct error *reterr, unsigned line, const char *format, ...)
{
	enum status status;
	va_list args;

	va_start(args, format);
	status = report(file, reterr, line, format, args);
	va_end(args);
	return status;
}

enum status yaml_file_error(const struct yaml_file *file, struct error *reterr, const char *where, const char *format,
			    ...)
{
	AUTO(yaml_nodes) nodes = NULL;
	enum status status = yaml_nodes_read(file, &nodes, reterr);
	va_list args;

	if (status != STATUS_OK)
		return status;
	va_start(args, format);
	status = report(file, reterr, yaml_nodes_line(nodes, where), format, args);
	va_end(args);
	return status;
}
