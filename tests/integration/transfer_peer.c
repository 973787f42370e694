/* tests/integration/transfer_peer.c
 *
 * A transfer machine on stdin and stdout, for tests against programs of others:
 *     transfer_peer PROTOCOL send FILE...
 *     transfer_peer PROTOCOL receive FOLDER
 * Environment: BAUD, RESUME (bytes), ESCAPE=1, PATIENCE_MS, CLEAN=1, ADDRESS. What happens goes to stderr, one event a
 * line. Exit status 0: DONE. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "recovery/protocol/transfer.h"
#include "src/base/crc.h"

struct peer {
	char **files;
	const char *folder;
	int fd;
	uint64_t at;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool next_file(void *user, struct transfer_file *ret_file)
{
	struct peer *peer = user;
	struct stat about;
	const char *slash;

	if (peer->fd >= 0)
		close(peer->fd);
	if (*peer->files == NULL)
		return false;
	peer->fd = open(*peer->files, O_RDONLY);
	if (peer->fd < 0 || fstat(peer->fd, &about) != 0)
		exit(3);
	slash = strrchr(*peer->files, '/');
	snprintf(ret_file->name, sizeof(ret_file->name), "%s", slash ? slash + 1 : *peer->files);
	ret_file->size = (uint64_t)about.st_size;
	ret_file->has_size = getenv("NO_SIZE") == NULL;
	ret_file->modified = about.st_mtime;
	peer->files++;
	return true;
}

static size_t read_file(void *user, uint64_t offset, uint8_t *to, size_t size)
{
	struct peer *peer = user;
	ssize_t got = pread(peer->fd, to, size, (off_t)offset);

	return got > 0 ? (size_t)got : 0;
}

static unsigned long number_of(const char *name)
{
	return getenv(name) ? strtoul(getenv(name), NULL, 0) : 0;
}

/* The first RESUME bytes of what is in the folder. */
static uint64_t have_of_file(void *user, const struct transfer_file *file, uint32_t *ret_crc)
{
	struct peer *peer = user;
	uint64_t have = 0;
	uint8_t block[1000];
	char path[4096];
	FILE *old;

	snprintf(path, sizeof(path), "%s/%s", peer->folder, file->name);
	old = fopen(path, "rb");
	*ret_crc = 0;
	while (old != NULL && have < number_of("RESUME")) {
		size_t wanted = number_of("RESUME") - have < sizeof(block) ? number_of("RESUME") - have : sizeof(block);
		size_t size = fread(block, 1, wanted, old);

		if (size == 0)
			break;
		*ret_crc = crc32_update(*ret_crc, bytes_of(block, size));
		have += size;
	}
	if (old != NULL)
		fclose(old);
	return have;
}

static void begin_file(struct peer *peer, const struct transfer_file *file)
{
	char path[4096];

	if (peer->folder == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s", peer->folder, file->name[0] ? file->name : "out");
	peer->fd = open(path, O_WRONLY | O_CREAT | (file->start > 0 ? 0 : O_TRUNC), 0644);
	if (peer->fd < 0 || lseek(peer->fd, (off_t)file->start, SEEK_SET) < 0)
		exit(3);
}

static void tell(struct peer *peer, const struct transfer_event *event)
{
	switch (event->type) {
	case TRANSFER_NOTHING:
		break;
	case TRANSFER_FILE:
		begin_file(peer, &event->file);
		fprintf(stderr, "FILE %s %lld %lld\n", event->file.name,
			event->file.has_size ? (long long)event->file.size : -1LL, (long long)event->file.modified);
		break;
	case TRANSFER_DATA:
		if (write(peer->fd, event->data.data, event->data.size) != (ssize_t)event->data.size)
			exit(3);
		break;
	case TRANSFER_FILE_END:
		if (peer->folder != NULL) {
			close(peer->fd);
			peer->fd = -1;
		}
		fprintf(stderr, "END %s %llu\n", event->file.name, (unsigned long long)event->file.size);
		break;
	case TRANSFER_RETRY:
		fprintf(stderr, "RETRY %s\n", event->reason);
		break;
	case TRANSFER_TEXT:
		fprintf(stderr, "TEXT %.*s\n", (int)event->data.size, (const char *)event->data.data);
		break;
	case TRANSFER_DONE:
		fprintf(stderr, "DONE\n");
		break;
	case TRANSFER_FAILED:
		fprintf(stderr, "FAILED %s (%s)\n", event->reason, event->hint ? event->hint : "");
		break;
	}
}

/* What came, to the machine; returns the last final event's type or TRANSFER_NOTHING. */
static enum transfer_event_type drain(const struct transfer_protocol *protocol, struct transfer *transfer,
				      struct peer *peer, struct bytes in)
{
	struct transfer_event event;

	do {
		event = protocol->input(transfer, &in, now_ms());
		tell(peer, &event);
		if (event.type == TRANSFER_DONE || event.type == TRANSFER_FAILED)
			return event.type;
	} while (event.type != TRANSFER_NOTHING || in.size > 0);
	while (now_ms() >= protocol->deadline(transfer)) {
		event = protocol->tick(transfer, now_ms());
		tell(peer, &event);
		if (event.type == TRANSFER_DONE || event.type == TRANSFER_FAILED)
			return event.type;
		if (event.type == TRANSFER_NOTHING)
			break;
	}
	return TRANSFER_NOTHING;
}

static bool write_some(const struct transfer_protocol *protocol, struct transfer *transfer)
{
	struct bytes out = protocol->output(transfer);
	ssize_t sent = out.size > 0 ? write(1, out.data, out.size) : 0;

	if (sent < 0 && errno != EAGAIN)
		return false;
	if (sent > 0)
		protocol->sent(transfer, (size_t)sent, now_ms());
	return true;
}

static int wait_ms(uint64_t deadline_ms)
{
	uint64_t now = now_ms();

	return deadline_ms == UINT64_MAX   ? 60000
	       : deadline_ms <= now        ? 0
	       : deadline_ms - now > 60000 ? 60000
					   : (int)(deadline_ms - now);
}

static enum transfer_event_type run(const struct transfer_protocol *protocol, struct transfer *transfer,
				    struct peer *peer)
{
	static uint8_t buffer[65536];
	enum transfer_event_type last = drain(protocol, transfer, peer, (struct bytes){ buffer, 0 });
	bool is_open = true;

	while (last == TRANSFER_NOTHING) {
		struct pollfd fds[2] = { { is_open ? 0 : -1, POLLIN, 0 },
					 { protocol->output(transfer).size > 0 ? 1 : -1, POLLOUT, 0 } };
		struct bytes in = { buffer, 0 };

		poll(fds, 2, wait_ms(protocol->deadline(transfer)));
		if (fds[0].revents) {
			ssize_t got = read(0, buffer, sizeof(buffer));

			if (got > 0)
				in.size = (size_t)got;
			is_open = got > 0 || (got < 0 && errno == EAGAIN);
		}
		if (fds[1].revents && !write_some(protocol, transfer))
			return TRANSFER_FAILED;
		last = drain(protocol, transfer, peer, in);
	}
	while (protocol->output(transfer).size > 0) {
		struct pollfd line = { 1, POLLOUT, 0 };

		if (poll(&line, 1, 5000) <= 0 || !write_some(protocol, transfer))
			break;
	}
	return last;
}

int main(int argc, char **argv)
{
	const struct transfer_protocol *protocol = argc > 3 ? transfer_protocol_find(argv[1]) : NULL;
	struct peer peer = { .files = argv + 3, .fd = -1 };
	struct transfer_options options = { .source = { next_file, read_file, &peer } };
	struct transfer_progress progress;
	struct transfer *transfer;
	struct error error;
	enum transfer_event_type last;

	if (protocol == NULL)
		return 2;
	options.is_sender = strcmp(argv[2], "send") == 0;
	peer.folder = options.is_sender ? NULL : argv[3];
	options.baud = (unsigned)number_of("BAUD");
	options.may_resume = number_of("RESUME") > 0;
	if (options.may_resume)
		options.kept = (struct transfer_kept){ have_of_file, &peer };
	options.patience_ms = (unsigned)number_of("PATIENCE_MS");
	options.is_clean = number_of("CLEAN");
	options.escape_controls = number_of("ESCAPE");
	if (protocol->begin(&options, now_ms(), &transfer, &error) != STATUS_OK) {
		fprintf(stderr, "FAILED %s\n", error.text);
		return 1;
	}
	fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
	fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK);
	last = run(protocol, transfer, &peer);
	protocol->progress(transfer, &progress);
	fprintf(stderr, "PROGRESS files %u bytes %llu line %llu retries %u\n", progress.files,
		(unsigned long long)progress.all_bytes, (unsigned long long)progress.line_bytes, progress.retries);
	protocol->free(transfer);
	return last == TRANSFER_DONE ? 0 : 1;
}
