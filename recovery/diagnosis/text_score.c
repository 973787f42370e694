/* recovery/diagnosis/text_score.c
 *
 * Bytes read at a wrong baud rate are a mix of controls, high bytes that form no UTF-8, and some printable ones; text
 * of a console has hardly any of the former. The share of bad bytes alone parts the two; statistics of letters were left
 * out, for a prompt, a progress bar or a register dump is no prose either. */
#include "recovery/diagnosis/diagnosis.h"

#include <ctype.h>

enum {
	BAD_COST = 250,		/* two bad bytes in five: surely noise */
	SAMPLE_FOR_SHAPE = 24,	/* fewer printable bytes have no shape */
};

/* Length of the UTF-8 character at from; 0: none; a character that the sample's end cuts is taken as whole. */
static size_t utf8_size(struct bytes from)
{
	uint8_t first = from.data[0];
	size_t size = first < 0xc2 || first > 0xf4 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	size_t i = 1;

	while (i < size && i < from.size && (from.data[i] & 0xc0) == 0x80)
		i++;
	return size == 0 || (i < size && i < from.size) ? 0 : i;
}

static bool is_layout(uint8_t byte)
{
	return (byte >= 0x07 && byte <= 0x0d && byte != 0x0b) || byte == 0x1b;	/* BEL to CR without VT; ESC */
}

static bool is_word(uint8_t byte)
{
	return isalnum(byte) || byte == ' ';
}

/* UTF-16 of plain text, as some programs on Windows write their captures: every other byte is NUL. */
static bool is_wide(struct bytes in)
{
	size_t nul[2] = { 0, 0 }, most, least;

	for (size_t i = 0; i < in.size; i++)
		nul[i % 2] += in.data[i] == 0;
	most = nul[0] > nul[1] ? nul[0] : nul[1];
	least = nul[0] < nul[1] ? nul[0] : nul[1];
	return in.size >= 8 && most * 8 > in.size * 3 && least * 16 < in.size;
}

int diagnosis_text_score(struct bytes in)
{
	bool skips_nul = is_wide(in);
	size_t bad = 0, words = 0, odd = 0, repeated = 0, total = in.size;
	uint8_t before = 0;
	double score;

	if (in.size == 0)
		return 0;
	/* the sample may begin inside a character */
	for (int i = 0; i < 3 && in.size > 3 && (in.data[0] & 0xc0) == 0x80; i++)
		in = bytes_from(in, 1);
	while (in.size > 0) {
		uint8_t byte = in.data[0];
		size_t size = byte >= 0x80 ? utf8_size(in) : 1;

		if (byte == 0 && skips_nul)
			total--;
		else if (size == 0 || (byte < 0x20 && !is_layout(byte)) || byte == 0x7f)
			bad++;
		else if (byte < 0x80 && byte >= 0x20) {
			words += is_word(byte);
			odd += !is_word(byte);
			repeated += byte == before;
		}
		before = byte;
		in = bytes_from(in, size == 0 ? 1 : size);
	}
	score = 100.0 - (double)BAD_COST * (double)bad / (double)total;
	/* printable noise: hardly any letters, and no bar of one repeated character either */
	if (words + odd >= SAMPLE_FOR_SHAPE && words * 3 < odd && repeated * 3 < odd)
		score -= 50;
	return score < 0 ? 0 : (int)score;
}
