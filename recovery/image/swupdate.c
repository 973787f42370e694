/* recovery/image/swupdate.c
 *
 * SWUpdate package: a cpio archive whose first member sw-description says for which boards it is and has the hash of each image.
 * Source: SWUpdate doc/source/swupdate.rst ("Image Format") and sw-description.rst; handlers of cpio: core/cpio_utils.c. */
#include <stdio.h>

#include "recovery/image/config_text.h"
#include "recovery/image/cpio.h"
#include "src/base/text.h"

enum {
	DESCRIPTION_MAX = 256 * 1024,
	DEPTH = 16,		/* of groups in the description */
	IMAGES = 48,		/* with a hash, remembered */
	SHA256_SIZE = 32,
};

struct described {
	char name[64];
	char sha256[2 * SHA256_SIZE + 1];
	bool is_encrypted;
};

struct swupdate {
	const struct image_input *in;
	struct image_facts *facts;
	struct described images[IMAGES];
	unsigned image_count;
	char path[DEPTH][32];	/* keys of the groups that are open */
	struct described open[DEPTH];
	unsigned depth;
	unsigned checked, unsure;
};

static bool matches(const struct image_input *in)
{
	/* both forms have the name behind 110 bytes */
	return in->data.size > 125 && memcmp(in->data.data, "07070", 5) == 0 && memcmp(in->data.data + 110, "sw-description\0", 15) == 0;
}

/* "1.0" or [ "1.0", "#RE:^1\\..*" ]. */
static void read_revisions(struct bytes *text, struct image_facts *facts)
{
	struct config_token token;
	bool is_list = false;

	do {
		token = config_next(text);
		is_list |= token.type == CONFIG_MARK && token.mark == '[';
		if (token.type == CONFIG_STRING && !text_contains(facts->revision, token.text))
			text_append(facts->revision, sizeof(facts->revision), "%s%s", facts->revision[0] != '\0' ? ", " : "", token.text);
	} while (is_list && token.type != CONFIG_DONE && (token.type != CONFIG_MARK || token.mark != ']'));
}

/* software = { BOARD = { hardware-compatibility... } }: only where a group of its own has it the group is a board's. */
static void read_key(struct swupdate *swu, const char *key, struct bytes *text)
{
	struct described *group = &swu->open[swu->depth];
	struct bytes value = *text;
	struct config_token token;

	if (text_equal(key, "hardware-compatibility")) {
		if (swu->depth == 2 && text_equal(swu->path[1], "software"))
			image_add_board(swu->facts, bytes_of_text(swu->path[2]));
		read_revisions(text, swu->facts);
		return;
	}
	token = config_next(&value);
	if (token.type == CONFIG_MARK)
		return;
	*text = value;
	if (text_equal(key, "version") && swu->depth == 1)
		text_copy(swu->facts->version, sizeof(swu->facts->version), token.text);
	else if (text_equal(key, "description") && swu->depth == 1)
		text_copy(swu->facts->name, sizeof(swu->facts->name), token.text);
	else if (text_equal(key, "filename"))
		text_copy(group->name, sizeof(group->name), token.text);
	else if (text_equal(key, "sha256"))
		text_copy(group->sha256, sizeof(group->sha256), token.text);
	else if (text_equal(key, "encrypted"))
		group->is_encrypted = text_equal(token.text, "true");
}

static void open_group(struct swupdate *swu, const char *key)
{
	if (swu->depth + 1 >= DEPTH)
		return;
	swu->depth++;
	text_copy(swu->path[swu->depth], sizeof(swu->path[0]), key);
	swu->open[swu->depth] = (struct described){ .name = "" };
}

static void close_group(struct swupdate *swu)
{
	const struct described *group = &swu->open[swu->depth];

	if (group->name[0] != '\0' && strlen(group->sha256) == 2 * SHA256_SIZE && swu->image_count < IMAGES)
		swu->images[swu->image_count++] = *group;
	if (swu->depth > 0)
		swu->depth--;
}

static void read_description(struct swupdate *swu, struct bytes text)
{
	struct config_token token;
	char key[32] = "";

	while ((token = config_next(&text)).type != CONFIG_DONE) {
		if (token.type == CONFIG_MARK && token.mark == '{') {
			/* JSON is a group of its own around "software" */
			if (swu->depth > 0 || key[0] != '\0')
				open_group(swu, key);
		} else if (token.type == CONFIG_MARK && token.mark == '}')
			close_group(swu);
		else if (token.type != CONFIG_MARK && config_takes_value(&text)) {
			text_copy(key, sizeof(key), token.text);
			read_key(swu, key, &text);
		}
	}
}

static bool is_same_digest(const char *hex, const uint8_t *digest)
{
	char text[2 * SHA256_SIZE + 1];

	for (unsigned i = 0; i < SHA256_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return strcasecmp(text, hex) == 0;
}

static const struct described *find_image(const struct swupdate *swu, const char *name)
{
	for (unsigned i = 0; i < swu->image_count; i++)
		if (text_equal(swu->images[i].name, name))
			return &swu->images[i];
	return NULL;
}

static void check_member(struct swupdate *swu, const struct cpio_member *member)
{
	struct bytes data = image_slice(swu->in, member->offset, member->size);
	const struct described *image = find_image(swu, member->name);
	const struct image_ops *ops = swu->in->ops;
	uint8_t digest[IMAGE_DIGEST_SIZE];
	struct image_part *part;

	if (data.size < member->size) {
		swu->unsure++;
		return;
	}
	if (member->has_sum && image_byte_sum(data) != member->sum)
		image_broken(swu->facts, member->offset, "its member '%.60s' is damaged: the sum of its bytes does not match", member->name);
	if (text_starts(member->name, "sw-description"))
		return;
	part = image_add_part(swu->in, swu->facts, member->offset, member->size, member->name);
	if (image == NULL || ops->digest == NULL || ops->digest(ops->user, "sha256", data, digest) != SHA256_SIZE)
		swu->unsure++;
	else if (is_same_digest(image->sha256, digest)) {
		swu->checked++;
		if (part != NULL)
			part->whole = IMAGE_YES;
	} else if (image->is_encrypted)
		swu->unsure++;		/* versions differ in whether the hash is of what is in the archive */
	else
		image_broken(swu->facts, member->offset, "its member '%.60s' is damaged: the sha256 does not match", member->name);
}

static void check_members(struct swupdate *swu, struct image_facts *facts)
{
	struct cpio_walk walk = { .in = swu->in };
	enum cpio_event_type type;
	struct cpio_member member;

	while ((type = cpio_next(&walk, &member)) == CPIO_MEMBER) {
		if (text_equal(member.name, "sw-description") && walk.members == 1)
			read_description(swu, image_slice(swu->in, member.offset, member.size < DESCRIPTION_MAX ? member.size : DESCRIPTION_MAX));
		check_member(swu, &member);
		if (text_equal(member.name, "sw-description.sig"))
			text_copy(facts->warning, sizeof(facts->warning), "it is signed; the signature was not checked: that needs the device's key");
	}
	cpio_conclude(&walk, type, facts);
	if (type != CPIO_END)
		return;
	facts->ends_exactly = true;
	facts->is_padded_by_nature = true;
	text_copy(facts->checked, sizeof(facts->checked), "the sums of its members");
	if (swu->checked == 0)
		return;
	text_copy(facts->checked, sizeof(facts->checked), swu->unsure == 0 ? "the sha256 of each image" : "the sha256 of some images");
	if (facts->whole != IMAGE_NO && swu->unsure == 0 && facts->member_problem.what[0] == '\0')
		facts->whole = IMAGE_YES;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct swupdate swu = { .in = in, .facts = facts };

	text_copy(facts->checked, sizeof(facts->checked), "its headers");
	check_members(&swu, facts);
}

const struct image_format image_format_swupdate = {
	.is_archive = true, .word = "swupdate", .title = "SWUpdate package", .matches = matches, .inspect = inspect,
};
