/* Points for each member, and who leads. */
#include "src/media/archive_choose.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	EXPECTED_NAME = 100,
	BOARD_FITS = 60,
	MODEL_IN_NAME = 40,
	ARCH_FITS = 20,
	ARCH_WRONG = -200,
	DATA = 20,			/* bytes of no known format: many vendors encrypt */
	DATA_LARGE = 10,
	LARGE = 256 * 1024,
	SMALL = 4096,			/* below: hardly code */
	TOO_SMALL = -40,
	FIRMWARE = 50,			/* of a known format */
	PART = 15,
	OPENED = 5,			/* an archive that was looked into: what is in it is likelier meant */
	NO_FIRMWARE = -100,
	LARGEST = 10,
	LEAD = 30,			/* over the next one */
	TEXT_LOOKED_AT = 512,
};

/* Known, but more often a part of firmware or a tool than all of it. */
static const char *const part_formats[] = { "elf", "dtb", "pe", "pe-efi" };

static const struct { const char *suffix; int points; } suffixes[] = {
	{ ".bin", 10 }, { ".img", 10 }, { ".image", 10 }, { ".fw", 10 }, { ".rom", 10 }, { ".itb", 10 },
	{ ".txt", NO_FIRMWARE }, { ".md", NO_FIRMWARE }, { ".pdf", NO_FIRMWARE }, { ".htm", NO_FIRMWARE }, { ".html", NO_FIRMWARE }, { ".rtf", NO_FIRMWARE },
	{ ".doc", NO_FIRMWARE }, { ".docx", NO_FIRMWARE }, { ".xls", NO_FIRMWARE }, { ".xlsx", NO_FIRMWARE }, { ".csv", NO_FIRMWARE }, { ".log", NO_FIRMWARE },
	{ ".md5", NO_FIRMWARE }, { ".md5sum", NO_FIRMWARE }, { ".sha1", NO_FIRMWARE }, { ".sha256", NO_FIRMWARE }, { ".sha512", NO_FIRMWARE },
	{ ".sha256sum", NO_FIRMWARE }, { ".crc", NO_FIRMWARE }, { ".asc", NO_FIRMWARE }, { ".sig", NO_FIRMWARE }, { ".png", NO_FIRMWARE },
	{ ".jpg", NO_FIRMWARE }, { ".gif", NO_FIRMWARE }, { ".url", NO_FIRMWARE }, { ".exe", NO_FIRMWARE }, { ".dll", NO_FIRMWARE }, { ".bat", NO_FIRMWARE },
	{ ".json", NO_FIRMWARE }, { ".xml", NO_FIRMWARE }, { ".ini", NO_FIRMWARE },
};

static const char *const text_names[] = { "readme", "license", "licence", "copying", "changelog", "release", "manifest" };

/* ---- names ---- */

static bool ends_with(const char *name, const char *suffix)
{
	size_t length = strlen(name), cut = strlen(suffix);

	return length > cut && strcasecmp(name + length - cut, suffix) == 0;
}

static bool same_class(char a, char b)
{
	return (isdigit((unsigned char)a) && isdigit((unsigned char)b)) || (isalpha((unsigned char)a) && isalpha((unsigned char)b));
}

/* The model's letters and digits in order at the text's start, whatever stands between them: "Archer C7" in "archer-c7_v5". Behind it no
 * number or word goes on: "cam32" is not in "cam320". */
static bool begins_with_model(const char *text, const char *model)
{
	char last = '\0';

	for (; *model; model++) {
		if (!isalnum((unsigned char)*model))
			continue;
		while (last && *text && !isalnum((unsigned char)*text))
			text++;
		if (tolower((unsigned char)*text) != tolower((unsigned char)*model))
			return false;
		last = *text++;
	}
	return last && !same_class(last, *text);
}

static bool names_model(const char *text, const struct archive_wish *wish)
{
	for (size_t i = 0; i < wish->model_count; i++) {
		/* A name of two letters is in anything. */
		if (wish->models[i] == NULL || strlen(wish->models[i]) < 3)
			continue;
		for (const char *at = text; *at; at++)
			if ((at == text || !same_class(at[-1], *at)) && begins_with_model(at, wish->models[i]))
				return true;
	}
	return false;
}

static bool is_expected_name(const char *name, const struct archive_wish *wish)
{
	for (size_t i = 0; i < wish->file_count; i++)
		if (wish->files[i] && strcasecmp(wish->files[i], name) == 0)
			return true;
	return false;
}

static int rate_name(const struct archive_member *member, const struct archive_wish *wish)
{
	int points = 0;

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (ends_with(member->name, suffixes[i].suffix))
			points += suffixes[i].points;
	for (size_t i = 0; i < ARRAY_SIZE(text_names); i++)
		if (strncasecmp(member->name, text_names[i], strlen(text_names[i])) == 0 && points <= 0)
			points = NO_FIRMWARE;
	if (is_expected_name(member->name, wish))
		points = EXPECTED_NAME;
	return points + (names_model(member->key, wish) ? MODEL_IN_NAME : 0);
}

/* ---- contents ---- */

static bool is_text(struct bytes head)
{
	size_t size = head.size < TEXT_LOOKED_AT ? head.size : TEXT_LOOKED_AT;

	for (size_t i = 0; i < size; i++)
		if ((head.data[i] < ' ' && strchr("\t\r\n\f", head.data[i]) == NULL) || head.data[i] == '\0' || head.data[i] == 0x7f)
			return false;
	return size > 0;
}

static int rate_data(const struct archive_member *member)
{
	bool is_large = member->has_size ? member->size >= LARGE : !member->is_whole_head;

	if (is_text(member->head))
		return NO_FIRMWARE;
	return DATA + (is_large ? DATA_LARGE : member->head.size < SMALL ? TOO_SMALL : 0);
}

static int rate_contents(const struct archive_member *member, const struct image_facts *facts)
{
	if (facts->is_no_image)
		return NO_FIRMWARE;
	if (text_equal(facts->format, "unknown") || facts->is_carrier)
		return member->archive_format == NULL ? rate_data(member) : member->note[0] ? DATA : OPENED;
	for (size_t i = 0; i < ARRAY_SIZE(part_formats); i++)
		if (text_equal(facts->format, part_formats[i]))
			return PART;
	return FIRMWARE;
}

static int rate_fit(const struct image_facts *facts, const struct archive_wish *wish, bool *ret_is_misfit)
{
	enum image_answer fits = image_arch_fits(facts->arch, wish->arch ? wish->arch : "");
	int points = fits == IMAGE_YES ? ARCH_FITS : fits == IMAGE_NO ? ARCH_WRONG : 0;

	*ret_is_misfit = fits == IMAGE_NO;
	for (unsigned i = 0; i < facts->board_count; i++)
		if (names_model(facts->boards[i], wish))
			return points + BOARD_FITS;
	return points;
}

/* ---- the choice ---- */

void archive_choice_init(struct archive_choice *choice)
{
	*choice = (struct archive_choice){ .count = 0 };
}

static void describe(struct archive_candidate *to, const struct archive_member *member, const struct image_facts *facts)
{
	bool is_unknown = text_equal(facts->format, "unknown");

	if (member->archive_format)
		text_format(to->about, sizeof(to->about), "%s archive%s%.60s", member->archive_format, member->note[0] ? ": " : "", member->note);
	else
		text_format(to->about, sizeof(to->about), "%s%s%s", is_unknown ? "data of no known format" : facts->title, facts->arch[0] ? ", " : "", facts->arch);
}

/* Keeps them in order; of equals the earlier stays in front. */
static void insert(struct archive_choice *choice, const struct archive_candidate *candidate)
{
	unsigned at = choice->count;

	while (at > 0 && choice->candidate[at - 1].points < candidate->points)
		at--;
	if (choice->count == ARCHIVE_CANDIDATES_MAX)
		choice->dropped++;
	else
		choice->count++;
	if (at == ARCHIVE_CANDIDATES_MAX)
		return;
	memmove(choice->candidate + at + 1, choice->candidate + at, sizeof(*candidate) * (choice->count - 1 - at));
	choice->candidate[at] = *candidate;
}

void archive_choice_add(struct archive_choice *choice, const struct archive_member *member, const struct image_facts *facts,
			const struct archive_wish *wish)
{
	struct archive_candidate candidate = { .size = member->has_size ? member->size : member->head.size };
	int looks;

	if (member->kind != ARCHIVE_MEMBER_FILE)
		return;
	choice->files++;
	choice->encrypted += member->is_encrypted;
	if (member->is_encrypted || member->head.size == 0)
		return;
	candidate.has_size = member->has_size || member->is_whole_head;
	looks = rate_contents(member, facts) + rate_name(member, wish);
	candidate.points = looks + rate_fit(facts, wish, &candidate.is_misfit);
	/* What looks like an image but is for another device is shown as that. */
	if (looks <= 0)
		return;
	text_copy(candidate.key, sizeof(candidate.key), member->key);
	describe(&candidate, member, facts);
	insert(choice, &candidate);
}

void archive_choice_finish(struct archive_choice *choice)
{
	struct archive_candidate *candidate = choice->candidate;
	unsigned largest = 0;

	for (unsigned i = 1; i < choice->count; i++)
		if (candidate[i].size > candidate[largest].size)
			largest = i;
	/* It counts for the one that leads only: size alone shall make nobody lead. */
	if (choice->count > 0 && largest == 0)
		candidate[0].points += LARGEST;
	choice->is_clear = choice->count > 0 && !candidate[0].is_misfit && candidate[0].points >= LEAD &&
			   (choice->count == 1 || candidate[0].points - candidate[1].points >= LEAD);
}

static const char *last_part(const char *key)
{
	const char *slash = strrchr(key, '/');

	return slash ? slash + 1 : key;
}

const struct archive_candidate *archive_choice_find(const struct archive_choice *choice, const char *name)
{
	const struct archive_candidate *found = NULL;

	for (unsigned i = 0; i < choice->count; i++)
		if (text_equal(choice->candidate[i].key, name))
			return &choice->candidate[i];
	for (unsigned i = 0; i < choice->count; i++)
		if (text_equal(last_part(choice->candidate[i].key), name)) {
			if (found)
				return NULL;
			found = &choice->candidate[i];
		}
	return found;
}

struct chooser {
	struct archive_choice *choice;
	const struct archive_wish *wish;
};

static enum archive_go on_member(void *user, const struct archive_member *member, struct archive_stream *stream)
{
	struct chooser *chooser = user;
	struct image_facts facts;

	(void)stream;
	/* Of a size that is not known before its end: large enough for whatever the head claims. */
	image_inspect(member->head, member->has_size ? member->size : member->is_whole_head ? member->head.size : UINT64_MAX / 2, NULL, &facts);
	archive_choice_add(chooser->choice, member, &facts, chooser->wish);
	return ARCHIVE_GO_INSIDE;
}

enum status archive_choose(const struct archive_source *source, const struct archive_limits *limits, const struct archive_wish *wish,
			   struct archive_choice *ret_choice, struct error *reterr)
{
	struct chooser chooser = { ret_choice, wish };
	enum status status;

	archive_choice_init(ret_choice);
	status = archive_walk(source, limits, on_member, &chooser, reterr);
	archive_choice_finish(ret_choice);
	return status;
}
