#include "recovery/image/fits.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { ID_MAX = 96, NAME_MIN = 4 };

/* An id, comparable: lower case letters and digits only, and what of it tells the revision apart. */
struct id {
	char all[ID_MAX];		/* "tplinkarcherc7v5" */
	bool begins[ID_MAX];		/* a word, in all */
	char vendor[ID_MAX];		/* before a comma: "tplink" */
	char board[ID_MAX];		/* without the vendor before a comma: "archerc7v5" */
	char stem[ID_MAX];		/* all without the revision: "tplinkarcherc7" */
	char revision[ID_MAX];		/* "5"; "" none */
};

/* Leading zeros of a hexadecimal number are spelling. ret_begins: NULL, or as many as to has: where a word begins. */
static void squeeze_words(const char *from, size_t length, char *to, size_t size, bool *ret_begins)
{
	size_t used = 0;

	for (size_t i = 0; i < length && used + 1 < size; i++) {
		if (!isalnum((unsigned char)from[i]))
			continue;
		if (ret_begins != NULL)
			ret_begins[used] = i == 0 || !isalnum((unsigned char)from[i - 1]);
		to[used++] = (char)tolower((unsigned char)from[i]);
		if (used >= 2 && to[used - 2] == '0' && to[used - 1] == 'x')
			while (i + 2 < length && from[i + 1] == '0' && isxdigit((unsigned char)from[i + 2]))
				i++;
	}
	to[used] = '\0';
}

static void squeeze(const char *from, size_t length, char *to, size_t size)
{
	squeeze_words(from, length, to, size, NULL);
}

/* Where the revision begins: behind the last colon of a support list ("CPE210(...):2.0"), behind v, r or rev with digits at the end
 * ("gateway-r2", "archer-c7-v5"), in the low half of a hardware number (0x08410008), behind the first plus of "29764958+0+128". The length
 * of the id where there is none. */
static size_t revision_at(const char *id)
{
	size_t length = strlen(id), at = length;
	const char *colon = strrchr(id, ':'), *plus = strchr(id, '+'), *hex = strstr(id, "0x");

	if (colon != NULL && isdigit((unsigned char)colon[1]) && strchr(id, '(') != NULL)
		return (size_t)(colon - id);
	if (plus != NULL && plus > id && isdigit((unsigned char)plus[-1]) && isdigit((unsigned char)plus[1]))
		return (size_t)(plus - id);
	if (hex != NULL && strspn(hex + 2, "0123456789abcdefABCDEF") == 8 && hex[10] == '\0')
		return (size_t)(hex - id) + 6;
	while (at > 0 && (isdigit((unsigned char)id[at - 1]) || id[at - 1] == '.'))
		at--;
	if (at == length || at == 0)
		return length;
	if (at >= 3 && tolower((unsigned char)id[at - 3]) == 'r' && tolower((unsigned char)id[at - 2]) == 'e' && tolower((unsigned char)id[at - 1]) == 'v')
		at -= 3;
	else if (strchr("vVrR", id[at - 1]) != NULL)
		at--;
	else
		return length;
	/* a letter in front makes it a part of a name: "server2" */
	return at > 0 && strchr("-_ ,.", id[at - 1]) != NULL ? at : length;
}

static void read_id(const char *text, struct id *id)
{
	size_t length = strlen(text), revision;
	const char *comma = strchr(text, ',');
	char whole[ID_MAX];

	/* the file name of a device tree names its board */
	if (length > 4 && strcmp(text + length - 4, ".dtb") == 0)
		length -= 4;
	text_format(whole, sizeof(whole), "%.*s", (int)length, text);
	length = strlen(whole);
	revision = revision_at(whole);
	squeeze_words(whole, length, id->all, sizeof(id->all), id->begins);
	squeeze(text, comma != NULL && comma > text ? (size_t)(comma - text) : 0, id->vendor, sizeof(id->vendor));
	squeeze(whole, revision, id->stem, sizeof(id->stem));
	squeeze(whole + revision, length - revision, id->revision, sizeof(id->revision));
	squeeze(comma != NULL && comma > text ? comma + 1 : text, length - (comma != NULL && comma > text ? (size_t)(comma - text) + 1 : 0), id->board,
		sizeof(id->board));
}

/* With whole words: "c2600" is not the "2600" of somebody else. */
static bool ends_with(const struct id *id, const char *end)
{
	size_t length = strlen(id->all), size = strlen(end);

	return size >= NAME_MIN && length >= size && id->begins[length - size] && strcmp(id->all + length - size, end) == 0;
}

static bool is_of_other_vendor(const struct id *image, const struct id *device)
{
	return image->vendor[0] && device->vendor[0] && strcmp(image->vendor, device->vendor) != 0;
}

/* The same board, in the spellings that are met: with and without vendor, as a device tree's file name behind the SoC, in brackets behind a
 * name. */
static bool is_same(const struct id *image, const struct id *device)
{
	if (is_of_other_vendor(image, device))
		return false;
	if (strcmp(image->all, device->all) == 0 || strcmp(image->board, device->board) == 0 || strcmp(image->all, device->board) == 0 ||
	    strcmp(image->board, device->all) == 0)
		return device->board[0] != '\0';
	return ends_with(image, device->board) || ends_with(image, device->all);
}

static bool is_other_revision(const struct id *image, const struct id *device)
{
	return (image->revision[0] || device->revision[0]) && strcmp(image->stem, device->stem) == 0 && strcmp(image->revision, device->revision) != 0 &&
	       strlen(image->stem) >= NAME_MIN;
}

enum match { MATCH_NONE, MATCH_SOC, MATCH_BOARD };

struct comparison {
	enum match match;
	const char *common;
	bool has_revision;		/* what is common names it */
	const char *other_image, *other_device;	/* the same but for the revision */
	const char *namesake;			/* the same name, of another vendor */
};

/* A device tree lists its board before the SoC: where both lists go on in front of what they share, they share only the SoC. */
static enum match weigh(const struct image_facts *facts, const struct image_device *device, size_t image_at, size_t device_at)
{
	bool has_comma = strchr(facts->boards[image_at], ',') != NULL && strchr(device->ids[device_at], ',') != NULL;

	return has_comma && image_at > 0 && device_at > 0 && device_at + 1 == device->id_count ? MATCH_SOC : MATCH_BOARD;
}

static bool is_listed(const struct image_device *device, const struct id *named)
{
	struct id id;

	for (size_t d = 0; d < device->id_count; d++) {
		read_id(device->ids[d], &id);
		if (is_same(named, &id))
			return true;
	}
	return false;
}

static struct comparison compare(const struct image_facts *facts, const struct image_device *device)
{
	struct comparison result = { .match = MATCH_NONE };

	for (size_t d = 0; d < device->id_count; d++) {
		struct id wanted, named;
		bool found = false;

		read_id(device->ids[d], &wanted);
		for (unsigned i = 0; i < facts->board_count; i++) {
			read_id(facts->boards[i], &named);
			if (is_same(&named, &wanted)) {
				enum match match = weigh(facts, device, i, d);

				found = true;
				if (match > result.match) {
					result.match = match;
					result.common = facts->boards[i];
					result.has_revision = named.revision[0] != '\0';
				}
			}
		}
		for (unsigned i = 0; i < facts->board_count && !found && result.other_image == NULL; i++) {
			read_id(facts->boards[i], &named);
			if (is_of_other_vendor(&named, &wanted) && strcmp(named.board, wanted.board) == 0)
				result.namesake = facts->boards[i];
			if (is_other_revision(&named, &wanted) && !is_listed(device, &named)) {
				result.other_image = facts->boards[i];
				result.other_device = device->ids[d];
			}
		}
	}
	return result;
}

/* "v2", "2.0", "2.0.0", "r2", "Rev. 2" are the same. */
static void plain_revision(const char *from, size_t length, char *to, size_t size)
{

	while (length > 0 && !isdigit((unsigned char)*from) && strchr("vVrReE. ", *from) != NULL) {
		from++;
		length--;
	}
	while (length > 2 && from[length - 1] == '0' && from[length - 2] == '.' && isdigit((unsigned char)from[length - 3]))
		length -= 2;
	squeeze(from, length, to, size);
}

/* "vendor,board", as in a device tree: lower case on both sides of the comma. */
static bool is_compatible(const char *id)
{
	const char *comma = strchr(id, ',');

	if (comma == NULL || comma == id || comma[1] == '\0' || !islower((unsigned char)id[0]))
		return false;
	for (; *id; id++)
		if (isupper((unsigned char)*id) || strchr(" {}()|:", *id) != NULL)
			return false;
	return true;
}

/* The words in front of a number: "hwid 0x08410008", "chip id 5". 0: none. */
static size_t label_length(const char *id)
{
	const char *blank = strrchr(id, ' ');

	return blank != NULL && isdigit((unsigned char)blank[1]) && islower((unsigned char)id[0]) ? (size_t)(blank - id) : 0;
}

/* Ids of one list, so that one of them is not the other: compatible strings, or numbers of the same name. */
static bool is_of_same_kind(const char *one, const char *other)
{
	size_t label = label_length(one);

	return (is_compatible(one) && is_compatible(other)) || (label > 0 && label == label_length(other) && strncmp(one, other, label) == 0);
}

static bool can_be_told_apart(const struct image_facts *facts, const struct image_device *device)
{
	if (device->ids_are_names)
		return false;
	for (unsigned i = 0; i < facts->board_count && device->ids_are_some; i++)
		for (size_t d = 0; d < device->id_count; d++)
			if (is_of_same_kind(facts->boards[i], device->ids[d]))
				return true;
	return !device->ids_are_some;
}

/* Is the device's revision one of those that the image names? */
static bool lists_revision(const char *list, const char *revision)
{
	char wanted[ID_MAX], named[ID_MAX];

	plain_revision(revision, strlen(revision), wanted, sizeof(wanted));
	while (*list) {
		size_t length = strcspn(list, ",;");

		while (*list == ' ' && length > 0) {
			list++;
			length--;
		}
		plain_revision(list, length, named, sizeof(named));
		if (strcmp(named, wanted) == 0)
			return true;
		list += length + (list[length] != '\0');
	}
	return false;
}

static bool has_ids(const struct image_device *device)
{
	return device->id_count > 0 && !text_equal(device->ids[0], "any");
}

static bool is_wrong_cpu(const struct image_facts *facts, const char *arch)
{
	if (image_arch_fits(facts->arch, arch) != IMAGE_NO || facts->is_arch_guessed)
		return false;
	/* 32-bit ARM programs run on most 64-bit ARM kernels; which kernel it comes with is not in it */
	return !(facts->is_arch_of_programs && text_equal(facts->arch, "arm") && image_arch_fits("arm64", arch) == IMAGE_YES);
}

enum image_fit image_fits(const struct image_facts *facts, const struct image_device *device, char *ret_reason, size_t size)
{
	const char *arch = device->arch ? device->arch : "";
	struct comparison comparison;

	if (is_wrong_cpu(facts, arch)) {
		text_format(ret_reason, size, "the image is for %s, the device has %s: it would not start", facts->arch, arch);
		return IMAGE_WRONG_CPU;
	}
	if (facts->board_count == 0 || !has_ids(device)) {
		text_format(ret_reason, size, "%s; %s", image_arch_fits(facts->arch, arch) == IMAGE_YES ? "the processor agrees" : "whether the processor agrees is not known",
			    facts->board_count == 0 ? "the image names no board" : "what board the device is was not told");
		return IMAGE_FIT_UNKNOWN;
	}
	comparison = compare(facts, device);
	if (comparison.other_image != NULL) {
		text_format(ret_reason, size, "it is for %s, the device is %s: another revision, on which it may not start", comparison.other_image, comparison.other_device);
		return IMAGE_WRONG_REVISION;
	}
	if (comparison.match == MATCH_BOARD && device->revision && device->revision[0] && facts->revision[0] && !lists_revision(facts->revision, device->revision)) {
		text_format(ret_reason, size, "it is for revision %s of %s, the device is revision %s, on which it may not start", facts->revision, comparison.common, device->revision);
		return IMAGE_WRONG_REVISION;
	}
	if (comparison.match == MATCH_BOARD && !comparison.has_revision && device->revision == NULL && device->profile_revision != NULL &&
	    facts->revision[0] && !lists_revision(facts->revision, device->profile_revision)) {
		text_format(ret_reason, size, "it is for revision %s of %s; whether that is %s on the sticker is not known", facts->revision, comparison.common,
			    device->profile_revision);
		return IMAGE_FIT_UNKNOWN;
	}
	if (comparison.match == MATCH_BOARD) {
		text_format(ret_reason, size, "both name %s", comparison.common);
		return IMAGE_FITS;
	}
	if (comparison.namesake != NULL && comparison.match == MATCH_NONE) {
		text_format(ret_reason, size, "it is for %s: the same name, but of another vendor", comparison.namesake);
		return IMAGE_FIT_UNKNOWN;
	}
	if (!can_be_told_apart(facts, device)) {
		text_format(ret_reason, size, "the image is for %s; whether that is this device is not known", facts->boards[0]);
		return IMAGE_FIT_UNKNOWN;
	}
	if (comparison.match == MATCH_SOC)
		text_format(ret_reason, size, "the same chip (%s), but it is for %s, the device is %s: it may start wrong, or overwrite what is kept elsewhere here", comparison.common, facts->boards[0], device->ids[0]);
	else
		text_format(ret_reason, size, "it is for %s%s, the device is %s: it may not start, or overwrite what is kept elsewhere here", facts->boards[0],
			    facts->board_count > 1 ? " and others" : "", device->ids[0]);
	return IMAGE_WRONG_BOARD;
}

const char *image_fit_word(enum image_fit fit)
{
	static const char *const words[] = { "unknown", "fits", "wrong-cpu", "wrong-board", "wrong-revision" };

	return words[fit];
}

/* ---- what the device said ---- */

const char *image_firmware_version(const struct image_facts *facts)
{
	/* "Linux-5.4.188", "MIPS OpenWrt Linux-5.15": the kernel's own name, and its version */
	return text_contains(facts->name, "linux") ? "" : facts->version;
}

/* The next number of a version; false: there is none. */
static bool next_number(const char **at, uint64_t *ret_number)
{
	if (!isdigit((unsigned char)**at))
		return false;
	for (*ret_number = 0; isdigit((unsigned char)**at); ++*at)
		if (*ret_number < UINT64_MAX / 100)
			*ret_number = *ret_number * 10 + (uint64_t)(**at - '0');
	return true;
}

/* Where the numbers begin: behind "v", "V" or "ver. ". */
static const char *first_number(const char *version)
{
	while (*version != '\0' && !isdigit((unsigned char)*version))
		version++;
	return version;
}

enum image_age image_compare_versions(const char *image, const char *installed)
{
	const char *a = first_number(image), *b = first_number(installed);
	uint64_t one, other;
	unsigned numbers = 0;

	while (next_number(&a, &one) && next_number(&b, &other)) {
		numbers++;
		if (one != other)
			/* a single number may be a date, a revision, anything */
			return numbers == 1 && *a != '.' && *b != '.' ? IMAGE_AGE_UNKNOWN : one < other ? IMAGE_OLDER : IMAGE_NEWER;
		if (*a == '\0' || *b == '\0' || *a != '.' || *b != '.' || !isdigit((unsigned char)a[1]) || !isdigit((unsigned char)b[1]))
			break;
		a++;
		b++;
	}
	if (numbers == 0 || strcmp(a, b) != 0) {
		/* "1.2" and "1.2.1" */
		if (numbers > 0 && *a == '\0' && *b == '.' && isdigit((unsigned char)b[1]))
			return IMAGE_OLDER;
		if (numbers > 0 && *b == '\0' && *a == '.' && isdigit((unsigned char)a[1]))
			return IMAGE_NEWER;
		return IMAGE_AGE_UNKNOWN;
	}
	return IMAGE_AS_OLD;
}

static bool is_on(const char *secure_boot)
{
	/* Rockchip, Qualcomm, U-Boot; and Android's states in which a signature is asked for */
	static const char *const words[] = { "1", "on", "enabled", "green", "yellow", "locked" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(words[i], secure_boot) == 0)
			return true;
	return false;
}

/* The largest size in a text: "16 MiB", "(16384 Kbytes)". 0: none. */
static uint64_t largest_size(const char *text)
{
	uint64_t largest = 0;

	while (*text != '\0') {
		uint64_t number, unit;
		const char *at;

		if (!isdigit((unsigned char)*text)) {
			text++;
			continue;
		}
		next_number(&text, &number);
		at = text + (*text == ' ');
		unit = *at == 'K' || *at == 'k' ? UINT64_C(1) << 10 : *at == 'M' ? UINT64_C(1) << 20 : *at == 'G' ? UINT64_C(1) << 30 : 0;
		if (unit > 0 && (text_starts(at + 1, "iB") || text_starts(at + 1, "B") || text_starts(at + 1, "bytes")) && number < UINT64_C(1) << 30 &&
		    number * unit > largest)
			largest = number * unit;
	}
	return largest;
}

unsigned image_cautions(const struct image_facts *facts, const char *image_version, const struct image_said *said,
			char ret_text[IMAGE_CAUTIONS][IMAGE_CAUTION_SIZE])
{
	const char *version = image_version != NULL && image_version[0] ? image_version : image_firmware_version(facts);
	uint64_t flash = said->flash != NULL ? largest_size(said->flash) : 0;
	char have[24], want[24];
	unsigned count = 0;

	if (said->version != NULL && image_compare_versions(version, said->version) == IMAGE_OLDER)
		text_format(ret_text[count++], IMAGE_CAUTION_SIZE, "it is version %.40s, older than %.40s, which the device said it runs", version,
			    said->version);
	if (said->secure_boot != NULL && is_on(said->secure_boot))
		text_format(ret_text[count++], IMAGE_CAUTION_SIZE, "the device checks signatures (secure boot: %.20s): what its vendor did not sign does not start",
			    said->secure_boot);
	if (flash > 0 && facts->file_size > flash && facts->compression[0] == '\0' && !facts->is_carrier)
		text_format(ret_text[count++], IMAGE_CAUTION_SIZE, "it has %s, the flash that the device named only %s", text_size(want, sizeof(want), facts->file_size),
			    text_size(have, sizeof(have), flash));
	return count;
}
