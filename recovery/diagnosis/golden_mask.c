/* recovery/diagnosis/golden_mask.c
 *
 * Words are masked by their shape. A list of messages that hold counters was tried first: it cannot be complete, and
 * what it misses makes every start look different from every other. */
#include "recovery/diagnosis/golden_mask.h"

#include <ctype.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	LETTERS_LEAST = 3,	/* fewer say nothing: prompts, ruled lines, dumps */
	OWN_DIGITS_MAX = 2,	/* eth0, mtd12: more are an address or a version */
	HEX_LEAST = 4,		/* shorter ones are words: "b43" */
	UNIT_MAX = 7,		/* "seconds" */
};

struct writer {
	char *to;
	size_t size;
	size_t word;		/* where the word being written begins */
	size_t last;		/* where the one before it begins; equal to word: none */
};

static bool is_one_of(const char *word, size_t size, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i][0] == word[0] && strlen(list[i]) == size && memcmp(list[i], word, size) == 0)
			return true;
	return false;
}

static bool is_unit(const char *word, size_t size)
{
	static const char *const units[] = {
		"B", "K", "M", "G", "k", "kB", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB", "Kbytes", "Mbytes",
		"byte", "bytes", "Byte", "Bytes", "ns", "us", "ms", "s", "sec", "secs", "second", "seconds", "minutes",
		"Hz", "kHz", "KHz", "khz", "MHz", "Mhz", "GHz", "bps", "kbps", "Mbps", "Gbps", "KiB/s", "MiB/s", "kB/s",
		"KB/s", "MB/s", "mV", "uV", "V", "mA", "C", "%",
	};

	while (size > 1 && strchr(",;:.)]", word[size - 1]) != NULL)
		size--;
	if (size > UNIT_MAX)
		return false;
	return is_one_of(word, size, units, ARRAY_SIZE(units));
}

static bool is_calendar_word(const char *word, size_t size)
{
	static const char *const words[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
		"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "UTC", "GMT",
	};

	if (size < 3 || size > 6)
		return false;
	while (size > 3 && (word[size - 1] == ',' || word[size - 1] == ')'))
		size--;
	while (size > 3 && (word[0] == '(' || word[0] == '[')) {
		word++;
		size--;
	}
	return is_one_of(word, size, words, ARRAY_SIZE(words));
}

static bool is_hex(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!isxdigit((unsigned char)text[i]))
			return false;
	return size > 0;
}

/* aa:bb:cc:dd:ee:ff, with ':' or '-'. */
static bool is_mac(const char *text, size_t size)
{
	if (size < 17 || (text[2] != ':' && text[2] != '-') || (size > 17 && isalnum((unsigned char)text[17])))
		return false;
	for (size_t i = 0; i < 17; i++)
		if (i % 3 == 2 ? text[i] != text[2] : !isxdigit((unsigned char)text[i]))
			return false;
	return true;
}

static void put(struct writer *out, char byte)
{
	if (out->size + 1 < GOLDEN_MASK_MAX)
		out->to[out->size++] = byte;
}

/* Numbers parted by one sign are one: times, dates, versions, addresses of networks. */
static void put_number(struct writer *out)
{
	if (out->size >= out->word + 2 && out->to[out->size - 2] == GOLDEN_MASK &&
	    strchr(".:,-/+@_x", out->to[out->size - 1]) != NULL) {
		out->size--;
		return;
	}
	if (out->size == out->word || out->to[out->size - 1] != GOLDEN_MASK)
		put(out, GOLDEN_MASK);
}

/* A run of letters and digits. */
static void put_run(struct writer *out, const char *run, size_t size)
{
	size_t digits = 0, letters = 0, trailing = 0;

	for (size_t i = 0; i < size; i++)
		digits += isdigit((unsigned char)run[i]) != 0;
	while (letters < size && !isdigit((unsigned char)run[letters]))
		letters++;
	while (trailing < size && isdigit((unsigned char)run[size - 1 - trailing]))
		trailing++;
	if (digits == size || (size > 2 && run[0] == '0' && run[1] == 'x' && is_hex(run + 2, size - 2)) ||
	    (digits > 0 && size >= HEX_LEAST && is_hex(run, size)) ||
	    (letters == 0 && is_unit(run + strspn(run, "0123456789"), size - strspn(run, "0123456789")))) {
		put_number(out);
		return;
	}
	if (letters > 0 && trailing <= OWN_DIGITS_MAX) {
		for (size_t i = 0; i < size; i++)
			put(out, run[i]);
		return;
	}
	for (size_t i = 0; i < size; i++) {
		if (isdigit((unsigned char)run[i]))
			put_number(out);
		else
			put(out, run[i]);
	}
}

static bool is_run_byte(char byte)
{
	return isalnum((unsigned char)byte) || (unsigned char)byte >= 0x80;
}

static void put_word(struct writer *out, const char *word, size_t size)
{
	size_t i = 0, run;

	if (is_calendar_word(word, size)) {
		put_number(out);
		return;
	}
	while (i < size) {
		if (is_mac(word + i, size - i)) {
			put_number(out);
			i += 17;
			continue;
		}
		for (run = 0; i + run < size && is_run_byte(word[i + run]); run++)
			;
		if (run > 0) {
			put_run(out, word + i, run);
			i += run;
			continue;
		}
		/* rows of one sign are drawn as long as it takes */
		if (out->size < out->word + 3 || out->to[out->size - 1] != word[i] ||
		    out->to[out->size - 2] != word[i] || out->to[out->size - 3] != word[i])
			put(out, word[i]);
		i++;
	}
}

/* The word is finished; it goes again when it only repeats the one before it or is the unit of a number. */
static void end_word(struct writer *out, const char *word, size_t size)
{
	size_t is = out->size - out->word, was = out->word > out->last ? out->word - 1 - out->last : 0;
	bool is_after_number = was > 0 && memchr(out->to + out->last, GOLDEN_MASK, was) != NULL;

	if (is == 0)
		return;
	if ((is == was && memcmp(out->to + out->word, out->to + out->last, is) == 0) ||
	    (is_after_number && is_unit(word, size))) {
		out->size = out->word;
		return;
	}
	out->last = out->word;
	put(out, ' ');
	out->word = out->size;
}

static bool says_enough(const char *mask)
{
	size_t letters = 0;

	for (; *mask != '\0'; mask++)
		letters += isalpha((unsigned char)*mask) || (unsigned char)*mask >= 0x80;
	return letters >= LETTERS_LEAST;
}

bool golden_mask_map(const char *message, struct bytes *ret_name, struct bytes *ret_range)
{
	static const char hex[] = "0123456789abcdefABCDEF";
	size_t first, last, begin, end;

	if (!text_starts(message, "0x"))
		return false;
	first = strspn(message + 2, hex);
	if (first == 0 || !text_starts(message + 2 + first, "-0x"))
		return false;
	last = strspn(message + first + 5, hex);
	end = first + 5 + last;
	begin = end + strspn(message + end, " ");
	if (last == 0 || message[begin] != ':')
		return false;
	begin++;
	begin += strspn(message + begin, " ");
	if (message[begin] != '"')
		return false;
	begin++;
	*ret_range = bytes_of(message, end);
	*ret_name = bytes_of(message + begin, strcspn(message + begin, "\""));
	return ret_name->size > 0;
}

size_t golden_mask(char to[GOLDEN_MASK_MAX], const char *message)
{
	struct writer out = { .to = to };
	struct bytes name, range;
	size_t limit = strnlen(message, GOLDEN_TEXT_MAX);

	/* the range is a fact of its own; a missing partition is a missing message */
	if (golden_mask_map(message, &name, &range)) {
		text_format(to, GOLDEN_MASK_MAX, "partition %.*s",
			    name.size < GOLDEN_TEXT_MAX / 2 ? (int)name.size : GOLDEN_TEXT_MAX / 2,
			    (const char *)name.data);
		return strlen(to);
	}

	for (size_t i = 0; i < limit;) {
		size_t size = 0;

		for (; i < limit && (message[i] == ' ' || message[i] == '\t'); i++)
			;
		while (i + size < limit && message[i + size] != ' ' && message[i + size] != '\t')
			size++;
		put_word(&out, message + i, size);
		end_word(&out, message + i, size);
		i += size;
	}
	while (out.size > 0 && to[out.size - 1] == ' ')
		out.size--;
	to[out.size] = '\0';
	return says_enough(to) ? out.size : 0;
}

/* Length of "192.168.1.10", 0: it is none. */
static size_t ipv4_size(const char *text)
{
	size_t at = 0;

	for (int part = 0; part < 4; part++) {
		size_t digits = strspn(text + at, "0123456789");

		if (digits < 1 || digits > 3 || (part < 3 && text[at + digits] != '.'))
			return 0;
		at += digits + (part < 3);
	}
	return text[at] == '.' ? 0 : at;
}

void golden_mask_unit(char to[GOLDEN_MASK_MAX], const char *text)
{
	size_t limit = strnlen(text, GOLDEN_TEXT_MAX), size = 0;

	for (size_t i = 0; i < limit;) {
		bool begins = i == 0 || !isalnum((unsigned char)text[i - 1]);
		size_t address = begins && is_mac(text + i, limit - i) ? 17 : begins ? ipv4_size(text + i) : 0;

		to[size++] = address > 0 ? GOLDEN_MASK : text[i];
		i += address > 0 ? address : 1;
	}
	to[size] = '\0';
}

uint64_t golden_mask_key(const char *mask)
{
	uint64_t key = 0xcbf29ce484222325u;

	for (; *mask != '\0'; mask++)
		key = (key ^ (unsigned char)*mask) * 0x100000001b3u;
	return key;
}

size_t golden_mask_words(const char *mask, struct bytes words[GOLDEN_WORDS_MAX])
{
	size_t count = 0;

	while (*mask != '\0' && count < GOLDEN_WORDS_MAX) {
		size_t size = strcspn(mask, " ");

		words[count++] = bytes_of(mask, size);
		mask += size;
		mask += *mask == ' ';
	}
	return count;
}

static bool is_wild(struct bytes word)
{
	return word.size == 1 && word.data[0] == GOLDEN_WILD;
}

static bool word_fits(struct bytes a, struct bytes b)
{
	return is_wild(a) || is_wild(b) || bytes_equal(a, b);
}

int golden_mask_likeness(const char *a, const char *b)
{
	struct bytes one[GOLDEN_WORDS_MAX], other[GOLDEN_WORDS_MAX];
	size_t head = strcspn(a, " "), ones, others, most, least, front = 0, back = 0, same = 0;

	if (head != strcspn(b, " ") || memcmp(a, b, head) != 0)
		return 0;
	ones = golden_mask_words(a, one);
	others = golden_mask_words(b, other);
	most = ones > others ? ones : others;
	least = ones < others ? ones : others;
	if (most == 0)
		return 0;
	if (ones == others) {
		for (size_t i = 0; i < ones; i++)
			same += word_fits(one[i], other[i]);
		return (int)(same * 100 / most);
	}
	while (front < least && word_fits(one[front], other[front]))
		front++;
	while (back < least - front && word_fits(one[ones - 1 - back], other[others - 1 - back]))
		back++;
	return (int)((front + back) * 100 / most);
}

bool golden_mask_fits(const char *pattern, const char *mask)
{
	while (*pattern != '\0' && *mask != '\0') {
		size_t size = strcspn(pattern, " "), other = strcspn(mask, " ");

		if (!word_fits(bytes_of(pattern, size), bytes_of(mask, other)))
			return false;
		pattern += size + (pattern[size] == ' ');
		mask += other + (mask[other] == ' ');
	}
	return *pattern == '\0' && *mask == '\0';
}

bool golden_mask_merge(char to[GOLDEN_MASK_MAX], const char *a, const char *b)
{
	struct bytes one[GOLDEN_WORDS_MAX], other[GOLDEN_WORDS_MAX];
	size_t ones = golden_mask_words(a, one), others = golden_mask_words(b, other), size = 0;

	if (ones != others || ones == 0 || ones == GOLDEN_WORDS_MAX)
		return false;
	for (size_t i = 0; i < ones; i++) {
		bool is_same = bytes_equal(one[i], other[i]);
		size_t take = is_same ? one[i].size : 1;

		if (i > 0)
			to[size++] = ' ';
		if (is_same)
			memcpy(to + size, one[i].data, take);
		else
			to[size] = GOLDEN_WILD;
		size += take;
	}
	to[size] = '\0';
	return says_enough(to);
}
