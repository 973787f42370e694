/* The walk through an archive, on anything: within small limits, whatever the visit does with the members. */
// options: -malloc_limit_mb=16384
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/media/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMBERS = 40, DEPTH = 3, UNPACKED = 4 << 20 };

struct visits {
	unsigned count;
	uint64_t got;
	uint8_t how;
};

static enum archive_go visit(void *user, const struct archive_member *member, struct archive_stream *stream)
{
	struct visits *visits = user;
	uint8_t buffer[3000];
	ssize_t count;

	visits->count++;
	if (member->key[0] == '\0' || memchr(member->key, '\0', sizeof(member->key)) == NULL || member->key[0] == '/' || member->depth > DEPTH ||
	    member->head.size > ARCHIVE_HEAD_MAX || strstr(member->key, "/../") != NULL || strchr(member->key, '\033') != NULL)
		abort();
	/* Each number of a member has its own way to be looked at. */
	if ((visits->how >> (visits->count % 4)) & 1)
		while ((count = archive_stream_read(stream, buffer, sizeof(buffer))) > 0)
			visits->got += (uint64_t)count;
	if (visits->how & 0x10 && visits->count == 3)
		return ARCHIVE_GO_CHECK;
	return visits->how & 0x20 && visits->count == 2 ? ARCHIVE_GO_ON : ARCHIVE_GO_INSIDE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct archive_limits limits = *archive_default_limits();
	struct visits visits = { .how = size ? data[size - 1] : 0 };
	struct archive_source source = { .bytes = { data, size }, .name = "fw.tar.gz" };
	struct error error = { .status = STATUS_OK };
	enum status status;

	limits.members = MEMBERS;
	limits.depth = DEPTH;
	limits.unpacked = UNPACKED;
	limits.in_memory = 256 << 10;
	status = archive_walk(&source, &limits, visit, &visits, &error);
	if (visits.count > MEMBERS || visits.got > UNPACKED || (status != STATUS_OK && error.text[0] == '\0'))
		abort();
	return 0;
}
