#include "src/io/line_wait.h"

#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { READS_AT_ONCE = 16 };

struct line_wait {
	int fd;
	struct loop_watch *watch;
	void (*on_news)(void *user);
	void *user;
};

static bool is_port(const struct inotify_event *event)
{
	return event->len > 0 && (text_starts(event->name, "tty") || text_starts(event->name, "rfcomm"));
}

static void on_event(void *user, int events)
{
	struct line_wait *wait = user;
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool is_news = false;

	(void)events;
	for (unsigned i = 0; i < READS_AT_ONCE; i++) {
		ssize_t count = read(wait->fd, buffer, sizeof(buffer));

		for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= count;) {
			const struct inotify_event *event = (const struct inotify_event *)(const void *)(buffer + at);

			is_news = is_news || is_port(event);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
		if (count <= 0)
			break;
	}
	/* Last: it may free this. */
	if (is_news)
		wait->on_news(wait->user);
}

struct line_wait *line_wait_new(struct loop *loop, const char *folder, void (*on_news)(void *user), void *user)
{
	struct line_wait *wait = calloc(1, sizeof(*wait));

	if (wait == NULL)
		return NULL;
	wait->on_news = on_news;
	wait->user = user;
	wait->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (wait->fd >= 0 && inotify_add_watch(wait->fd, folder, IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR) >= 0)
		wait->watch = loop_watch_new(loop, wait->fd, on_event, wait);
	if (wait->watch == NULL) {
		line_wait_free(wait);
		return NULL;
	}
	return wait;
}

void line_wait_free(struct line_wait *wait)
{
	if (wait == NULL)
		return;
	loop_watch_free(wait->watch);
	cleanup_close(&wait->fd);
	free(wait);
}
