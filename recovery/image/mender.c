#include "recovery/image/mender.h"

#include <inttypes.h>
#include <stdio.h>

#include "recovery/image/config_text.h"
#include "recovery/image/tar.h"
#include "src/base/text.h"

enum {
	MEMBERS = 256,			/* an artifact has a handful, and one for each payload */
	MANIFEST_MAX = 64 * 1024,
	HEADER_INFO_MAX = 64 * 1024,
	SHA256_SIZE = 32,
};

static void add_strings(struct bytes *json, struct image_facts *facts)
{
	struct config_token token = config_next(json);

	if (token.type == CONFIG_STRING)
		image_add_board(facts, bytes_of_text(token.text));
	if (token.type != CONFIG_MARK || token.mark != '[')
		return;
	do {
		token = config_next(json);
		if (token.type == CONFIG_STRING)
			image_add_board(facts, bytes_of_text(token.text));
	} while (token.type == CONFIG_STRING || (token.type == CONFIG_MARK && token.mark == ','));
}

void mender_read_header_info(struct bytes json, struct image_facts *facts)
{
	struct config_token token;

	if (json.size > HEADER_INFO_MAX)
		json.size = HEADER_INFO_MAX;
	while ((token = config_next(&json)).type != CONFIG_DONE) {
		if (token.type != CONFIG_STRING || !config_takes_value(&json))
			continue;
		/* version 2 has device_types_compatible */
		if (text_equal(token.text, "device_type") || text_equal(token.text, "device_types_compatible"))
			add_strings(&json, facts);
		else if (text_equal(token.text, "artifact_name")) {
			token = config_next(&json);
			/* artifact_depends lists the names that it may follow; artifact_provides has the one of its own */
			if (token.type == CONFIG_STRING) {
				text_copy(facts->version, sizeof(facts->version), token.text);
				text_copy(facts->name, sizeof(facts->name), token.text);
			}
		}
	}
}

static bool matches(const struct image_input *in)
{
	struct bytes head = image_slice(in, 0, TAR_BLOCK + 64);

	/* the member "version" comes first, and is JSON that names the format */
	if (head.size < TAR_BLOCK + 32 || memcmp(head.data, "version\0", 8) != 0 || memcmp(head.data + 257, "ustar", 5) != 0)
		return false;
	return memmem(head.data + TAR_BLOCK, head.size - TAR_BLOCK, "\"mender\"", 8) != NULL;
}

static bool read_hex(struct bytes text, uint8_t digest[SHA256_SIZE])
{
	for (unsigned i = 0; i < SHA256_SIZE; i++) {
		char pair[3] = { (char)text.data[2 * i], (char)text.data[2 * i + 1], '\0' };
		unsigned byte;

		if (sscanf(pair, "%2x", &byte) != 1)
			return false;
		digest[i] = (uint8_t)byte;
	}
	return true;
}

/* The line "<sha256>  NAME" of the manifest. */
static bool find_in_manifest(struct bytes manifest, const char *name, uint8_t digest[SHA256_SIZE])
{
	size_t length = strlen(name);

	while (manifest.size > 2 * SHA256_SIZE + 2 + length) {
		const uint8_t *end = memchr(manifest.data, '\n', manifest.size);
		size_t line = end != NULL ? (size_t)(end - manifest.data) : manifest.size;

		if (line == 2 * SHA256_SIZE + 2 + length && memcmp(manifest.data + line - length, name, length) == 0)
			return read_hex(manifest, digest);
		manifest = bytes_from(manifest, line + 1);
	}
	return false;
}

struct mender {
	const struct image_input *in;
	struct image_facts *facts;
	struct bytes manifest;
	unsigned checked, unsure;
	bool has_header, has_payload;
};

static void check_member(struct mender *mender, const struct tar_walk *walk, const struct tar_member *member)
{
	uint8_t want[SHA256_SIZE], have[IMAGE_DIGEST_SIZE];
	struct bytes data = tar_data(walk, member);
	const struct image_ops *ops = mender->in->ops;
	struct image_part *part;

	mender->has_header |= text_starts(member->name, "header.tar");
	mender->has_payload |= text_starts(member->name, "data/");
	if (text_starts(member->name, "manifest"))
		return;
	/* the manifest names what is in data/NNNN.tar.gz, whose own checksum is all that is looked at here */
	part = image_add_part(mender->in, mender->facts, member->offset, member->size, member->name);
	if (!find_in_manifest(mender->manifest, member->name, want)) {
		mender->unsure += part == NULL || part->whole != IMAGE_YES;
		return;
	}
	if (data.size < member->size || ops->digest == NULL || ops->digest(ops->user, "sha256", data, have) != SHA256_SIZE) {
		mender->unsure++;
		return;
	}
	mender->checked++;
	if (memcmp(want, have, SHA256_SIZE) != 0)
		image_broken(mender->facts, member->offset, "its member '%.60s' is damaged: the sha256 does not match", member->name);
	else if (part != NULL)
		part->whole = IMAGE_YES;
}

static void read_manifest(struct mender *mender)
{
	struct tar_walk walk = { .in = mender->in };
	struct tar_member member;

	for (unsigned i = 0; i < MEMBERS && tar_next(&walk, &member) == TAR_MEMBER; i++)
		if (text_equal(member.name, "manifest") && member.size <= MANIFEST_MAX) {
			mender->manifest = tar_data(&walk, &member);
			return;
		}
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct mender mender = { .in = in, .facts = facts };
	struct tar_walk walk = { .in = in };
	enum tar_event_type type = TAR_CUT;
	struct tar_member member;

	text_copy(facts->checked, sizeof(facts->checked), "the sum of each header");
	image_set_vendor(facts, "Mender");
	read_manifest(&mender);
	for (unsigned i = 0; i < MEMBERS && (type = tar_next(&walk, &member)) == TAR_MEMBER; i++)
		check_member(&mender, &walk, &member);
	if (type == TAR_BROKEN && walk.at >= in->size)
		image_broken(facts, in->size, "it is cut off: the mark at its end is missing");
	else if (type == TAR_BROKEN)
		image_broken(facts, walk.at, "the header of its member at byte %" PRIu64 " is damaged", walk.at);
	if (type != TAR_END)
		return;
	image_declare(in, facts, walk.at + 2 * TAR_BLOCK);	/* two blocks of zeros */
	facts->ends_exactly = true;
	if (!mender.has_header || !mender.has_payload)
		image_broken(facts, walk.at, "its %s is missing", mender.has_header ? "payload" : "header");
	if (mender.checked == 0)
		return;
	text_copy(facts->checked, sizeof(facts->checked), "the sha256 of its members, and the checksum of the payload");
	if (facts->whole != IMAGE_NO && mender.unsure == 0 && facts->member_problem.what[0] == '\0')
		facts->whole = IMAGE_YES;
}

const struct image_format image_format_mender = {
	.is_archive = true, .word = "mender", .title = "Mender artifact", .matches = matches, .inspect = inspect,
};
