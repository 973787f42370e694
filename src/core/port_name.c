#include "src/core/port_name.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { PART_MIN = 2 };	/* one letter names nothing */

static bool has_driver(const char *word)
{
	static const char *const drivers[] = { "serial:", "pty:", "tcp:", "rfc2217:", "unix:", "replay:" };

	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (text_starts(word, drivers[i]))
			return true;
	return false;
}

bool port_name_is_new(const char *word)
{
	return text_equal(word, "new") || text_equal(word, "just-plugged");
}

const struct bench_port *port_name_newest(const struct bench_state *bench)
{
	const struct bench_port *newest = NULL;

	for (unsigned i = 0; i < bench->port_count; i++)
		if (bench->port[i].since_ms > (newest != NULL ? newest->since_ms : 0))
			newest = &bench->port[i];
	return newest;
}

const struct bench_port *port_name_of_adapter(const struct bench_state *bench, const char *adapter, const char *was)
{
	const struct bench_port *found = NULL;
	unsigned count = 0;

	for (unsigned i = 0; i < bench->port_count; i++) {
		if (adapter[0] == '\0' || !text_equal(bench->port[i].adapter, adapter))
			continue;
		if (text_equal(bench->port[i].path, was))
			return &bench->port[i];
		found = &bench->port[i];
		count++;
	}
	return count == 1 ? found : NULL;
}

char *port_name_describe(const struct bench_port *port, char *to, size_t size)
{
	return text_format(to, size, "%s%s%s%s%s", port->path, port->product[0] ? ", " : "", port->product,
			   port->serial[0] ? " " : "", port->serial);
}

static void list_port(const struct bench_port *port, char *to, size_t size)
{
	char one[256];

	port_name_describe(port, one, sizeof(one));
	if (strlen(to) + strlen(one) + 2 < size)
		text_append(to, size, "%s%s", to[0] != '\0' ? "; " : "", one);
}

static enum status hint_at_all(const struct bench_state *bench, struct error *reterr)
{
	char list[240] = "";

	for (unsigned i = 0; i < bench->port_count; i++)
		list_port(&bench->port[i], list, sizeof(list));
	return list[0] != '\0' ? error_hint(reterr, "There are: %s", list)
			       : error_hint(reterr, "No serial port is here now: plug the adapter in");
}

/* ---- a name that is one ---- */

static bool find_node(const char *word, char *ret_name, size_t size)
{
	static const char *const folders[] = { "/dev", "/dev/serial/by-id", "/dev/serial/by-path" };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		char path[PORT_NAME_MAX];

		text_format(path, sizeof(path), "%s/%s", folders[i], word);
		if (strlen(path) + 1 < sizeof(path) && access(path, F_OK) == 0) {
			text_copy(ret_name, size, path);
			return true;
		}
	}
	return false;
}

static const char *last_name(const char *path)
{
	const char *last = strrchr(path, '/');

	return last != NULL ? last + 1 : path;
}

static bool is_called(const struct bench_port *port, const char *word)
{
	return text_equal(port->path, word) || text_equal(last_name(port->path), word) ||
	       (port->by_id[0] != '\0' && text_equal(last_name(port->by_id), word)) ||
	       (port->adapter[0] != '\0' && text_equal(port->adapter, word)) ||
	       (port->usb_path[0] != '\0' && text_starts(word, "usb:") && text_equal(word + strlen("usb:"), port->usb_path));
}

static bool has_part(const struct bench_port *port, const char *word)
{
	return strlen(word) >= PART_MIN && (text_contains(port->product, word) || text_contains(port->serial, word) ||
					    text_contains(last_name(port->by_id), word) || text_contains(port->adapter, word));
}

/* Only one port may fit; 0: none does. */
static unsigned find_port(const struct bench_state *bench, const char *word, bool (*fits)(const struct bench_port *port, const char *word),
			  char *ret_name, size_t size, struct error *reterr)
{
	char list[240] = "";
	unsigned count = 0;

	for (unsigned i = 0; i < bench->port_count; i++) {
		if (!fits(&bench->port[i], word))
			continue;
		if (count++ == 0)
			text_copy(ret_name, size, bench->port[i].path);
		list_port(&bench->port[i], list, sizeof(list));
	}
	if (count > 1) {
		error_set(reterr, STATUS_INVALID, "'%.100s' fits %u serial ports", word, count);
		error_hint(reterr, "Say which: %s", list);
	}
	return count;
}

static enum status resolve_newest(const struct bench_state *bench, char *ret_name, size_t size, struct error *reterr)
{
	const struct bench_port *newest = port_name_newest(bench);

	if (newest == NULL) {
		error_set(reterr, STATUS_NOT_FOUND, "no serial port was plugged in since unbrick was started");
		return error_hint(reterr, "Plug the adapter in now; if it is in, pull it out and plug it in again");
	}
	text_copy(ret_name, size, newest->path);
	return STATUS_OK;
}

enum status port_name_resolve(const struct bench_state *bench, const char *word, char *ret_name, size_t size, struct error *reterr)
{
	static bool (*const ways[])(const struct bench_port *port, const char *word) = { is_called, has_part };

	if (strlen(word) >= size)
		return error_set(reterr, STATUS_INVALID, "the name of the port is too long");
	if (word[0] == '\0')
		return error_set(reterr, STATUS_INVALID, "a port needs a name");
	if (word[0] == '/' || word[0] == '.' || has_driver(word)) {
		text_copy(ret_name, size, word);
		return STATUS_OK;
	}
	if (port_name_is_new(word))
		return resolve_newest(bench, ret_name, size, reterr);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		unsigned count = find_port(bench, word, ways[i], ret_name, size, reterr);

		if (count > 0)
			return count == 1 ? STATUS_OK : STATUS_INVALID;
		if (i == 0 && find_node(word, ret_name, size))
			return STATUS_OK;
	}
	error_set(reterr, STATUS_NOT_FOUND, "no serial port is called '%.100s'", word);
	return hint_at_all(bench, reterr);
}
