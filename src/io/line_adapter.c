/* src/io/line_adapter.c
 *
 * Which adapter a line was opened on, and where that one is when it comes back: under another number, in another socket.
 * Cheap adapters have one serial number for all that were made (CP2102 "0001"): as soon as two of the kind are seen, the
 * socket counts as well, or the line would go on with another board. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/text.h"
#include "src/io/bench_internal.h"
#include "src/io/line_driver.h"

enum { SAME_MAX = 8 };

static const struct bench_roots real = { .prefix = "" };

/* Reading and writing leave a terminal's change time alone, so it is that of its making (or of a chmod). */
static void describe_pty(const char *path, char *to, size_t size)
{
	struct stat about;

	if (stat(path, &about) == 0)
		text_format(to, size, "made at %lld.%09ld", (long long)about.st_ctim.tv_sec, about.st_ctim.tv_nsec);
}

static void describe(const char *path, struct line_peer *to)
{
	struct bench_adapter adapter;

	*to = (struct line_peer){ .size = 0 };
	if (line_node_is_pts(path)) {
		describe_pty(path, to->node, sizeof(to->node));
	} else if (bench_adapter_of(&real, strrchr(path, '/') + 1, &adapter)) {
		text_copy(to->node, sizeof(to->node), adapter.id);
		text_copy(to->socket, sizeof(to->socket), adapter.socket);
	} else {
		text_copy(to->node, sizeof(to->node), "built in");
	}
}

bool line_adapter_is_same(const struct line_peer *peer, const struct line_peer *now)
{
	return text_equal(peer->node, now->node) && (!peer->has_twin || text_equal(peer->socket, now->socket));
}

enum status line_adapter_recognise(const struct line_request *request, const char *path, struct error *reterr)
{
	struct line_peer *peer = request->peer;
	struct line_peer now;

	describe(path, &now);
	/* A link such as those by-id says itself which one is meant. */
	if (peer->node[0] == '\0' || !text_equal(request->address, path)) {
		text_copy(peer->node, sizeof(peer->node), now.node);
		text_copy(peer->socket, sizeof(peer->socket), now.socket);
		line_adapter_look_for_twins(&real, peer);
		return STATUS_OK;
	}
	if (line_adapter_is_same(peer, &now)) {
		text_copy(peer->socket, sizeof(peer->socket), now.socket);
		return STATUS_OK;
	}
	error_set(reterr, STATUS_NOT_FOUND, "%.200s is another adapter now (%.100s)", path, now.node);
	return error_hint(reterr, "Plug the one in that was here before%s; to go on with this one, open the line anew",
			  peer->has_twin ? ", into the same socket (there is a second one with its serial number)" : "");
}

void line_adapter_look_for_twins(const struct bench_roots *roots, struct line_peer *peer)
{
	struct bench_adapter_port same[SAME_MAX];
	size_t count = peer->socket[0] != '\0' ? bench_adapter_ports(roots, peer->node, same, SAME_MAX) : 0;

	for (size_t i = 0; i < count; i++)
		peer->has_twin = peer->has_twin || !text_equal(same[i].socket, peer->socket);
}

void line_adapter_lost(struct line_peer *peer)
{
	line_adapter_look_for_twins(&real, peer);
}

bool line_adapter_find(const struct bench_roots *roots, const struct line_peer *peer, char *ret_path, size_t size)
{
	struct bench_adapter_port same[SAME_MAX];
	size_t count = peer->socket[0] != '\0' ? bench_adapter_ports(roots, peer->node, same, SAME_MAX) : 0;

	for (size_t i = 0; i < count; i++) {
		/* Two that came back at once, and neither is in the old socket: nobody can tell. */
		if (!text_equal(same[i].socket, peer->socket) && (peer->has_twin || count > 1))
			continue;
		text_copy(ret_path, size, same[i].path);
		return true;
	}
	return false;
}

bool line_adapter_find_again(const char *name, const struct line_peer *peer, char *ret_path, size_t size)
{
	const char *path = text_starts(name, "serial:") ? name + strlen("serial:") : name;
	struct stat about;

	/* Who names the socket means the socket, whatever is plugged into it. */
	if (path[0] != '/' || text_contains(path, "/by-path/"))
		return false;
	if (lstat(path, &about) == 0 && S_ISLNK(about.st_mode) && access(path, F_OK) == 0)
		return false;
	return line_adapter_find(&real, peer, ret_path, size);
}
