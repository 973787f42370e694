#include "src/store/port_memory.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/new_file.h"
#include "src/media/small_file.h"

struct port_memory {
	char path[1024];
	json_t *adapters;	/* identity to an object of texts */
};
DEFINE_AUTO(port_memory);
DEFINE_AUTO(new_file);

static const char used_key[] = "used";

static bool is_text(const json_t *value)
{
	return json_is_string(value) && json_string_length(value) < PORT_MEMORY_TEXT_MAX;
}

/* Nothing but what was written here: anything else is no file of ours. */
static bool is_memory(json_t *root)
{
	const char *adapter, *key;
	json_t *keys, *value;

	if (!json_is_object(root) || json_object_size(root) > PORT_MEMORY_ADAPTERS_MAX)
		return false;
	json_object_foreach(root, adapter, keys) {
		if (strlen(adapter) >= PORT_MEMORY_TEXT_MAX || !json_is_object(keys) || json_object_size(keys) > PORT_MEMORY_KEYS_MAX)
			return false;
		json_object_foreach(keys, key, value)
			if (!is_text(value) || strlen(key) >= PORT_MEMORY_TEXT_MAX)
				return false;
	}
	return true;
}

/* NULL: there is no such file, or it is none of ours. */
static json_t *read_file(const char *path, bool *ret_is_bad)
{
	AUTO_FREE char *text = NULL;
	struct error error;
	size_t size;
	json_t *root;

	*ret_is_bad = false;
	if (access(path, F_OK) != 0)
		return NULL;
	*ret_is_bad = true;
	if (small_file_read(path, "memory of ports", PORT_MEMORY_FILE_MAX, &text, &size, &error) != STATUS_OK)
		return NULL;
	root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	if (root != NULL && is_memory(root)) {
		*ret_is_bad = false;
		return root;
	}
	json_decref(root);
	return NULL;
}

static void put_aside(const char *path, struct error *ret_warning)
{
	char aside[1100];

	text_format(aside, sizeof(aside), "%s.bad", path);
	error_set(ret_warning, STATUS_INVALID, "the memory of serial adapters is damaged, and begins anew");
	if (rename(path, aside) == 0)
		error_hint(ret_warning, "What it was is kept as %.200s", aside);
}

enum status port_memory_open(const char *path, struct port_memory **ret_memory, struct error *ret_warning, struct error *reterr)
{
	AUTO(port_memory) memory = calloc(1, sizeof(*memory));
	bool is_bad = false;

	*ret_warning = (struct error){ .status = STATUS_OK };
	if (memory == NULL || strlen(path) >= sizeof(memory->path))
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the memory of ports");
	text_copy(memory->path, sizeof(memory->path), path);
	memory->adapters = read_file(path, &is_bad);
	if (is_bad)
		put_aside(path, ret_warning);
	if (memory->adapters == NULL)
		memory->adapters = json_object();
	if (memory->adapters == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the memory of ports");
	*ret_memory = TAKE(memory);
	return STATUS_OK;
}

void port_memory_free(struct port_memory *memory)
{
	if (memory == NULL)
		return;
	json_decref(memory->adapters);
	free(memory);
}

bool port_memory_get(const struct port_memory *memory, const char *adapter, const char *key, char *to, size_t size)
{
	const char *value = json_string_value(json_object_get(json_object_get(memory->adapters, adapter), key));

	text_copy(to, size, value != NULL ? value : "");
	return value != NULL;
}

static uint64_t used_at(json_t *keys)
{
	const char *text = json_string_value(json_object_get(keys, used_key));

	return text != NULL ? strtoull(text, NULL, 10) : 0;
}

static void forget_oldest(json_t *adapters, const char *except)
{
	const char *adapter, *oldest = NULL;
	uint64_t oldest_ms = UINT64_MAX;
	json_t *keys;

	json_object_foreach(adapters, adapter, keys)
		if (!text_equal(adapter, except) && used_at(keys) < oldest_ms) {
			oldest_ms = used_at(keys);
			oldest = adapter;
		}
	if (oldest != NULL)
		json_object_del(adapters, oldest);
}

static enum status save(const struct port_memory *memory, struct error *reterr)
{
	AUTO_FREE char *text = json_dumps(memory->adapters, JSON_INDENT(1) | JSON_ENSURE_ASCII | JSON_SORT_KEYS);
	AUTO(new_file) file = NULL;
	enum status status;

	if (text == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to keep what is known of the ports");
	status = new_file_begin(memory->path, &file, reterr);
	if (status == STATUS_OK)
		status = new_file_append(file, bytes_of_text(text), reterr);
	return status == STATUS_OK ? new_file_keep(file, true, reterr) : status;
}

enum status port_memory_set(struct port_memory *memory, const char *adapter, const char *key, const char *value,
			    uint64_t now_ms, struct error *reterr)
{
	char now[PORT_MEMORY_TEXT_MAX];
	json_t *keys, *newer;
	bool is_bad;

	if (adapter[0] == '\0' || strlen(adapter) >= PORT_MEMORY_TEXT_MAX || strlen(value) >= PORT_MEMORY_TEXT_MAX)
		return error_set(reterr, STATUS_INVALID, "'%.100s' cannot be kept of '%.100s'", value, adapter);
	if (port_memory_get(memory, adapter, key, now, sizeof(now)) && text_equal(now, value))
		return STATUS_OK;
	newer = read_file(memory->path, &is_bad);
	if (newer != NULL) {
		json_decref(memory->adapters);
		memory->adapters = newer;
	}
	keys = json_object_get(memory->adapters, adapter);
	if (keys == NULL) {
		if (json_object_size(memory->adapters) >= PORT_MEMORY_ADAPTERS_MAX)
			forget_oldest(memory->adapters, adapter);
		keys = json_object();
		if (json_object_set_new(memory->adapters, adapter, keys) != 0)
			return error_set(reterr, STATUS_INVALID, "'%.100s' is no identity of an adapter", adapter);
	}
	if (json_object_get(keys, key) == NULL &&
	    json_object_size(keys) + (json_object_get(keys, used_key) == NULL ? 2 : 1) > PORT_MEMORY_KEYS_MAX)
		return error_set(reterr, STATUS_INVALID, "too much is kept of '%.100s'", adapter);
	text_format(now, sizeof(now), "%" PRIu64, now_ms);
	if (json_object_set_new(keys, key, json_string(value)) != 0 || json_object_set_new(keys, used_key, json_string(now)) != 0)
		return error_set(reterr, STATUS_INVALID, "'%.100s' cannot be kept of '%.100s'", value, adapter);
	return save(memory, reterr);
}
