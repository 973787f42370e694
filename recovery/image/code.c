/* recovery/image/code.c
 *
 * For which processor is code that no header tells of? Every compiler begins and ends functions with a few fixed instructions; bytes that
 * are packed, encrypted or data hardly ever hold them. A guess, and called one.
 * Source: the instruction set manuals: Arm ARM (A32, T32, A64), MIPS32 vol. II, Power ISA 2.07, RISC-V unprivileged ISA, OpenRISC 1000,
 * Intel SDM vol. 2. */
#include <string.h>

#include "recovery/image/text_file.h"
#include "src/base/cleanup.h"

enum {
	LEAST = 1024,
	SAMPLE = 96 * 1024,
	PER_64K = 24,		/* points in 64 KiB that make a guess; noise comes to one or two */
	POINTS_MIN = 10,
	HITS_MIN = 3,
	LEAD = 3,		/* times as many as the next */
};

enum { IDIOMS = 8, IDIOMS_MAX = 64 };	/* of a machine; of all, for a set of them is one word */

struct idiom {
	uint32_t mask, value;	/* of four bytes as this machine reads them; of a half, the low 16 bits */
	uint8_t points;
	bool is_half;		/* 16 bits, at even places */
};

struct machine {
	const char *arch;
	bool is_big;
	bool is_any_place;	/* instructions have no alignment: mask and value are of bytes in their order, the first one highest */
	struct idiom idiom[IDIOMS];
};

#define WORD(mask, value, points) { mask, value, points, false }
#define HALF(mask, value, points) { mask, value, points, true }

static const struct machine machines[] = {
	/* bx lr; pop {.., pc}; push {.., lr}; mov pc, lr; stmfd sp!, {.., fp, ip, lr, pc} */
	{ "arm", false, false, { WORD(0xffffffff, 0xe12fff1e, 3), WORD(0xffff8000, 0xe8bd8000, 3), WORD(0xffffc000, 0xe92d4000, 2), WORD(0xffffffff, 0xe1a0f00e, 3),
			  WORD(0xfffff800, 0xe92dd800, 2) } },
	{ "arm", true, false, { WORD(0xffffffff, 0xe12fff1e, 3), WORD(0xffff8000, 0xe8bd8000, 3), WORD(0xffffc000, 0xe92d4000, 2), WORD(0xffffffff, 0xe1a0f00e, 3) } },
	/* bx lr; push and pop of the usual registers */
	{ "arm", false, false, { HALF(0xffff, 0x4770, 3), HALF(0xffff, 0xb510, 2), HALF(0xffff, 0xb570, 2), HALF(0xffff, 0xb5f0, 2), HALF(0xffff, 0xbd10, 2),
			  HALF(0xffff, 0xbd70, 2), HALF(0xffff, 0xbdf0, 2), HALF(0xffff, 0xbd08, 2) } },
	/* ret; stp x29, x30, [sp, #..]!; mov x29, sp; ldp x29, x30, [sp], #.. */
	{ "arm64", false, false, { WORD(0xffffffff, 0xd65f03c0, 3), WORD(0xffc07fff, 0xa9807bfd, 3), WORD(0xffffffff, 0x910003fd, 2), WORD(0xffc07fff, 0xa8c07bfd, 3) } },
	/* jr ra; sw ra, ..(sp); addiu sp, sp, -..; lw ra, ..(sp) */
	{ "mips", true, false, { WORD(0xffffffff, 0x03e00008, 3), WORD(0xffff8000, 0xafbf0000, 2), WORD(0xffffff00, 0x27bdff00, 2), WORD(0xffff8000, 0x8fbf0000, 2) } },
	{ "mipsel", false, false, { WORD(0xffffffff, 0x03e00008, 3), WORD(0xffff8000, 0xafbf0000, 2), WORD(0xffffff00, 0x27bdff00, 2), WORD(0xffff8000, 0x8fbf0000, 2) } },
	/* blr; mflr r0; stwu r1, -..(r1); mtlr r0 */
	{ "ppc", true, false, { WORD(0xffffffff, 0x4e800020, 3), WORD(0xffffffff, 0x7c0802a6, 3), WORD(0xffff8000, 0x94218000, 2), WORD(0xffffffff, 0x7c0803a6, 2) } },
	/* ret; addi sp, sp, -..; c.jr ra; c.addi sp, -16; c.addi16sp sp, -64, -48 */
	{ "riscv", false, false, { WORD(0xffffffff, 0x00008067, 3), WORD(0x800fffff, 0x80010113, 2), HALF(0xffff, 0x8082, 3), HALF(0xffff, 0x1141, 2), HALF(0xffff, 0x7139, 2), HALF(0xffff, 0x7179, 2) } },
	/* l.jr r9; l.sw -4(rX), r9; l.lwz r9, -4(rX); l.addi r1, r1, .. */
	{ "or1k", true, false, { WORD(0xffffffff, 0x44004800, 4), WORD(0xffe0ffff, 0xd7e04ffc, 2), WORD(0xffe0ffff, 0x8520fffc, 2), WORD(0xffff0000, 0x9c210000, 2) } },
	/* its words turned for the little-endian processor that loads it */
	{ "or1k", false, false, { WORD(0xffffffff, 0x44004800, 4), WORD(0xffe0ffff, 0xd7e04ffc, 2), WORD(0xffff8000, 0x9c218000, 2) } },
	/* push ebp, mov ebp, esp in both encodings; pop ebx, esi, edi; two moves of 16 bits */
	{ "x86", true, true, { WORD(0xffffff00, 0x5589e500, 3), WORD(0xffffff00, 0x558bec00, 3), WORD(0xffffff00, 0x5b5e5f00, 2), WORD(0xffff00ff, 0x66890066, 1) } },
	/* push rbp, mov rbp, rsp; endbr64; sub and add of rsp */
	{ "x86_64", true, true, { WORD(0xffffffff, 0x554889e5, 3), WORD(0xffffffff, 0xf30f1efa, 3), WORD(0xffffff00, 0x4883ec00, 2), WORD(0xffffff00, 0x4883c400, 2) } },
};

/* For each of four bytes behind each other and each value it may have: the idioms that it leaves possible. One pass with four of them looks for
 * all idioms at once. */
struct finder {
	uint64_t possible[4][256];
	uint64_t any[4];		/* those that leave the byte open */
	uint64_t at_even, at_word;	/* the idioms that stand at each even place and at each fourth */
	uint64_t at_any;
};

/* Of idiom's byte number (in the order of the file): what is looked at, and what it is. */
static void byte_of(const struct machine *machine, const struct idiom *idiom, unsigned number, uint8_t *ret_mask, uint8_t *ret_value)
{
	unsigned bytes = idiom->is_half ? 2 : 4, shift = 8 * (machine->is_big ? bytes - 1 - number : number);

	*ret_mask = number < bytes ? (uint8_t)(idiom->mask >> shift) : 0;
	*ret_value = number < bytes ? (uint8_t)(idiom->value >> shift) : 0;
}

static void add_idiom(struct finder *finder, const struct machine *machine, const struct idiom *idiom, uint64_t bit)
{
	uint8_t mask, value;

	for (unsigned number = 0; number < 4; number++) {
		byte_of(machine, idiom, number, &mask, &value);
		if (mask == 0) {
			finder->any[number] |= bit;
			continue;
		}
		/* all numbers of which no bit is in the mask, in turn */
		for (unsigned byte = 0; byte < 256; byte = ((byte | mask) + 1) & ~(unsigned)mask)
			finder->possible[number][byte | value] |= bit;
	}
	finder->at_word |= bit;
	finder->at_even |= idiom->is_half || machine->is_any_place ? bit : 0;
	finder->at_any |= machine->is_any_place ? bit : 0;
}

static void count_hits(const struct finder *finder, struct bytes code, unsigned hits[IDIOMS_MAX])
{
	const uint64_t at_place[] = { finder->at_word, finder->at_any, finder->at_even, finder->at_any };

	for (size_t at = 0; at + 4 <= code.size; at++) {
		const uint8_t *p = code.data + at;
		uint64_t found = at_place[at % 4] & finder->possible[0][p[0]] & finder->possible[1][p[1]];

		if (found == 0)
			continue;
		found &= finder->possible[2][p[2]] & finder->possible[3][p[3]];
		for (; found != 0; found &= found - 1)
			hits[__builtin_ctzll(found)]++;
	}
}

/* Returns how many idioms it has; hits are theirs. */
static unsigned points_of(const struct machine *machine, const unsigned *hits, unsigned *ret_points)
{
	unsigned points = 0, kinds = 0, count = 0;

	for (; count < IDIOMS && machine->idiom[count].mask != 0; count++) {
		points += hits[count] * machine->idiom[count].points;
		kinds += hits[count] >= HITS_MIN;
	}
	/* one that stands alone is chance or a table: a function has a beginning and an end */
	*ret_points = kinds >= 2 || machine->is_any_place ? points : 0;
	return count;
}

static void find_idioms(struct bytes code, unsigned hits[IDIOMS_MAX])
{
	struct finder finder = { 0 };
	unsigned number = 0;

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		for (unsigned k = 0; k < IDIOMS && machines[i].idiom[k].mask != 0 && number < IDIOMS_MAX; k++)
			add_idiom(&finder, &machines[i], &machines[i].idiom[k], UINT64_C(1) << number++);
	for (size_t i = 0; i < ARRAY_SIZE(finder.any); i++)
		for (unsigned byte = 0; byte < 256; byte++)
			finder.possible[i][byte] |= finder.any[i];
	count_hits(&finder, code, hits);
}

const char *image_guess_arch(struct bytes code)
{
	unsigned hits[IDIOMS_MAX] = { 0 }, most = 0, next = 0, first = 0, wanted;
	const char *best = "";

	if (code.size < LEAST)
		return "";
	if (code.size > SAMPLE)
		code.size = SAMPLE;
	wanted = (unsigned)(code.size * PER_64K / (64 * 1024));
	if (wanted < POINTS_MIN)
		wanted = POINTS_MIN;
	find_idioms(code, hits);
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		const char *arch = machines[i].arch;
		unsigned points;

		first += points_of(&machines[i], hits + first, &points);
		if (points > most) {
			next = strcmp(arch, best) == 0 ? next : most;
			most = points;
			best = arch;
		} else if (points > next && strcmp(arch, best) != 0) {
			next = points;
		}
	}
	/* some instructions are two letters; but no program is text alone */
	return most >= wanted && most >= LEAD * next && !text_file_is_text(code) ? best : "";
}
