/* recovery/image/code.c
 *
 * For which processor is code that no header tells of? Every compiler begins and ends functions with a few fixed instructions; bytes that
 * are packed, encrypted or data hardly ever hold them. A guess, and called one.
 * Source: the instruction set manuals: Arm ARM (A32, T32, A64), MIPS32 vol. II, Power ISA 2.07, RISC-V unprivileged ISA, OpenRISC 1000,
 * Intel SDM vol. 2. */
#include <string.h>

#include "recovery/image/format.h"
#include "src/base/cleanup.h"

enum {
	SAMPLE = 96 * 1024,	/* a few milliseconds */
	PER_64K = 24,		/* points in 64 KiB that make a guess; noise comes to one or two */
	POINTS_MIN = 10,
	HITS_MIN = 3,
	LEAD = 3,		/* times as many as the next */
};

struct idiom {
	uint32_t mask, value;
	uint8_t points;
	bool is_half;		/* 16 bits, at even places */
};

struct machine {
	const char *arch;
	bool is_big;
	struct idiom idiom[8];
};

#define WORD(mask, value, points) { mask, value, points, false }
#define HALF(mask, value, points) { mask, value, points, true }

static const struct machine machines[] = {
	/* bx lr; pop {.., pc}; push {.., lr}; mov pc, lr; stmfd sp!, {.., fp, ip, lr, pc} */
	{ "arm", false, { WORD(0xffffffff, 0xe12fff1e, 3), WORD(0xffff8000, 0xe8bd8000, 3), WORD(0xffffc000, 0xe92d4000, 2), WORD(0xffffffff, 0xe1a0f00e, 3),
			  WORD(0xfffff800, 0xe92dd800, 2) } },
	{ "arm", true, { WORD(0xffffffff, 0xe12fff1e, 3), WORD(0xffff8000, 0xe8bd8000, 3), WORD(0xffffc000, 0xe92d4000, 2), WORD(0xffffffff, 0xe1a0f00e, 3) } },
	/* bx lr; push and pop of the usual registers */
	{ "arm", false, { HALF(0xffff, 0x4770, 3), HALF(0xffff, 0xb510, 2), HALF(0xffff, 0xb570, 2), HALF(0xffff, 0xb5f0, 2), HALF(0xffff, 0xbd10, 2),
			  HALF(0xffff, 0xbd70, 2), HALF(0xffff, 0xbdf0, 2), HALF(0xffff, 0xbd08, 2) } },
	/* ret; stp x29, x30, [sp, #..]!; mov x29, sp; ldp x29, x30, [sp], #.. */
	{ "arm64", false, { WORD(0xffffffff, 0xd65f03c0, 3), WORD(0xffc07fff, 0xa9807bfd, 3), WORD(0xffffffff, 0x910003fd, 2), WORD(0xffc07fff, 0xa8c07bfd, 3) } },
	/* jr ra; sw ra, ..(sp); addiu sp, sp, -..; lw ra, ..(sp) */
	{ "mips", true, { WORD(0xffffffff, 0x03e00008, 3), WORD(0xffff8000, 0xafbf0000, 2), WORD(0xffffff00, 0x27bdff00, 2), WORD(0xffff8000, 0x8fbf0000, 2) } },
	{ "mipsel", false, { WORD(0xffffffff, 0x03e00008, 3), WORD(0xffff8000, 0xafbf0000, 2), WORD(0xffffff00, 0x27bdff00, 2), WORD(0xffff8000, 0x8fbf0000, 2) } },
	/* blr; mflr r0; stwu r1, -..(r1); mtlr r0 */
	{ "ppc", true, { WORD(0xffffffff, 0x4e800020, 3), WORD(0xffffffff, 0x7c0802a6, 3), WORD(0xffff8000, 0x94218000, 2), WORD(0xffffffff, 0x7c0803a6, 2) } },
	/* ret; addi sp, sp, -..; c.jr ra; c.addi sp, -16; c.addi16sp sp, -64, -48 */
	{ "riscv", false, { WORD(0xffffffff, 0x00008067, 3), WORD(0x800fffff, 0x80010113, 2), HALF(0xffff, 0x8082, 3), HALF(0xffff, 0x1141, 2), HALF(0xffff, 0x7139, 2), HALF(0xffff, 0x7179, 2) } },
	/* l.jr r9; l.sw -4(rX), r9; l.lwz r9, -4(rX); l.addi r1, r1, .. */
	{ "or1k", true, { WORD(0xffffffff, 0x44004800, 4), WORD(0xffe0ffff, 0xd7e04ffc, 2), WORD(0xffe0ffff, 0x8520fffc, 2), WORD(0xffff0000, 0x9c210000, 2) } },
	/* its words turned for the little-endian processor that loads it */
	{ "or1k", false, { WORD(0xffffffff, 0x44004800, 4), WORD(0xffe0ffff, 0xd7e04ffc, 2), WORD(0xffff8000, 0x9c218000, 2) } },
};

static uint32_t load(const uint8_t *at, const struct machine *machine, bool is_half)
{
	if (is_half)
		return machine->is_big ? load_be16(at) : (uint32_t)(at[1] << 8 | at[0]);
	return machine->is_big ? load_be32(at) : load_le32(at);
}

/* One that stands alone is chance or a table: a function has a beginning and an end. */
static unsigned count(const struct machine *machine, struct bytes code)
{
	unsigned hits[ARRAY_SIZE(machine->idiom)] = { 0 }, points = 0, kinds = 0;

	for (size_t at = 0; at + 4 <= code.size; at += 2)
		for (unsigned i = 0; i < ARRAY_SIZE(machine->idiom) && machine->idiom[i].mask != 0; i++) {
			const struct idiom *idiom = &machine->idiom[i];

			hits[i] += (idiom->is_half || at % 4 == 0) && (load(code.data + at, machine, idiom->is_half) & idiom->mask) == idiom->value;
		}
	for (unsigned i = 0; i < ARRAY_SIZE(hits); i++) {
		points += hits[i] * machine->idiom[i].points;
		kinds += hits[i] >= HITS_MIN;
	}
	return kinds >= 2 ? points : 0;
}

/* The sequences of x86 stand at any byte. */
static unsigned count_x86(struct bytes code, bool is_64)
{
	unsigned points = 0;

	for (size_t at = 0; at + 4 <= code.size; at++) {
		const uint8_t *p = code.data + at;

		if (is_64)
			points += (memcmp(p, "\x55\x48\x89\xe5", 4) == 0) * 3u + (memcmp(p, "\xf3\x0f\x1e\xfa", 4) == 0) * 3u +
				  (memcmp(p, "\x48\x83\xec", 3) == 0) * 2u + (memcmp(p, "\x48\x83\xc4", 3) == 0) * 2u;
		else
			points += (memcmp(p, "\x55\x89\xe5", 3) == 0) * 3u + (memcmp(p, "\x55\x8b\xec", 3) == 0) * 3u +
				  (memcmp(p, "\x5b\x5e\x5f", 3) == 0) * 2u + (memcmp(p, "\x66\x89", 2) == 0 && p[3] == 0x66) * 1u;
	}
	return points;
}

const char *image_guess_arch(struct bytes code)
{
	const char *best = "";
	unsigned most = 0, next = 0, wanted;

	if (code.size > SAMPLE)
		code.size = SAMPLE;
	wanted = (unsigned)(code.size * PER_64K / (64 * 1024));
	if (wanted < POINTS_MIN)
		wanted = POINTS_MIN;
	for (size_t i = 0; i < ARRAY_SIZE(machines) + 2; i++) {
		size_t x86 = i - ARRAY_SIZE(machines);
		unsigned points = i < ARRAY_SIZE(machines) ? count(&machines[i], code) : count_x86(code, x86 == 1);
		const char *arch = i < ARRAY_SIZE(machines) ? machines[i].arch : x86 == 1 ? "x86_64" : "x86";

		if (points > most) {
			next = strcmp(arch, best) == 0 ? next : most;
			most = points;
			best = arch;
		} else if (points > next && strcmp(arch, best) != 0) {
			next = points;
		}
	}
	return most >= wanted && most >= LEAD * next ? best : "";
}
