/* recovery/image/arch.c
 *
 * The names that formats and kernels have for processors, and which code runs where. */
#include "recovery/image/image.h"

#include <string.h>
#include <strings.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

struct arch_word {
	const char *word;
	const char *family;		/* what cannot run each other's code */
	const char *endian;		/* "": the word leaves it open */
};

/* Of each meaning the word that is shown comes first. */
static const struct arch_word arch_words[] = {
	{ "arm", "arm", "" }, { "armel", "arm", "l" }, { "armhf", "arm", "l" }, { "armeb", "arm", "b" }, { "armv4", "arm", "" }, { "armv5", "arm", "" },
	{ "armv5te", "arm", "" }, { "armv5tel", "arm", "l" }, { "armv6", "arm", "" }, { "armv6l", "arm", "l" }, { "armv7", "arm", "" },
	{ "armv7-a", "arm", "" }, { "armv7a", "arm", "" }, { "armv7l", "arm", "l" }, { "armv7-m", "arm", "l" }, { "cortex-m", "arm", "l" },
	{ "arm64", "arm64", "" }, { "aarch64", "arm64", "" }, { "armv8", "arm64", "" }, { "armv8-a", "arm64", "" },
	/* "mips" is big-endian in an ELF file and either in a uImage, so nothing is concluded from it */
	{ "mips", "mips", "" }, { "mipseb", "mips", "b" }, { "mipsbe", "mips", "b" }, { "mipsel", "mips", "l" },
	{ "mipsle", "mips", "l" }, { "mips64", "mips64", "" }, { "mips64el", "mips64", "l" }, { "mips64le", "mips64", "l" },
	{ "mips64eb", "mips64", "b" },
	{ "ppc", "ppc", "" }, { "powerpc", "ppc", "" }, { "ppc64", "ppc64", "" }, { "powerpc64", "ppc64", "" }, { "ppc64le", "ppc64", "l" },
	{ "ppc64el", "ppc64", "l" }, { "riscv", "riscv", "" }, { "riscv32", "riscv", "" }, { "riscv64", "riscv", "" },
	{ "x86", "x86", "" }, { "i386", "x86", "" }, { "i486", "x86", "" }, { "i586", "x86", "" }, { "i686", "x86", "" },
	{ "x86_64", "x86_64", "" }, { "x86-64", "x86_64", "" }, { "amd64", "x86_64", "" },
	{ "s390", "s390", "" }, { "sh", "sh", "" }, { "or1k", "or1k", "" }, { "xtensa", "xtensa", "" }, { "hppa", "hppa", "" },
	{ "m68k", "m68k", "" }, { "nios2", "nios2", "" }, { "arc", "arc", "" }, { "avr", "avr", "" }, { "8051", "8051", "" },
	{ "microblaze", "microblaze", "" }, { "sparc", "sparc", "" }, { "sparc64", "sparc64", "" }, { "alpha", "alpha", "" },
	{ "ia64", "ia64", "" }, { "blackfin", "blackfin", "" }, { "avr32", "avr32", "" }, { "nds32", "nds32", "" }, { "csky", "csky", "" },
	{ "loongarch", "loongarch", "" }, { "loongarch64", "loongarch", "" },
};

static const struct arch_word *find_exact(const char *word, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(arch_words); i++)
		if (strlen(arch_words[i].word) == length && strncasecmp(arch_words[i].word, word, length) == 0)
			return &arch_words[i];
	return NULL;
}

/* OpenWrt adds the core to the name of its packages' processor: "mipsel_24kc", "aarch64_cortex-a53". */
static const struct arch_word *find_arch(const char *word)
{
	const struct arch_word *found = word != NULL ? find_exact(word, strlen(word)) : NULL;

	return found != NULL || word == NULL ? found : find_exact(word, strcspn(word, "_"));
}

bool image_arch_is_known(const char *word)
{
	return find_arch(word) != NULL;
}

static bool is_meant_before(size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (text_equal(arch_words[i].family, arch_words[at].family) && text_equal(arch_words[i].endian, arch_words[at].endian))
			return true;
	return false;
}

char *image_arch_list(char *to, size_t size)
{
	text_copy(to, size, "");
	for (size_t i = 0; i < ARRAY_SIZE(arch_words); i++)
		if (!is_meant_before(i))
			text_append(to, size, "%s%s", i > 0 ? " " : "", arch_words[i].word);
	return to;
}

enum image_answer image_arch_fits(const char *image_arch, const char *device_arch)
{
	const struct arch_word *image = find_arch(image_arch), *device = find_arch(device_arch);
	char device_endian;

	if (image == NULL || device == NULL)
		return IMAGE_UNKNOWN;
	if (!text_equal(image->family, device->family)) {
		/* a 64-bit MIPS or x86 processor runs the 32-bit code of its family; whether the loader starts it is open */
		if (text_equal(image->family, "mips") && text_equal(device->family, "mips64"))
			return IMAGE_UNKNOWN;
		if (text_equal(image->family, "x86") && text_equal(device->family, "x86_64"))
			return IMAGE_UNKNOWN;
		return IMAGE_NO;
	}
	/* A device's "mips" is big-endian, an image's leaves it open. */
	device_endian = text_equal(device->word, "mips") || text_equal(device->word, "mips64") ? 'b' : device->endian[0];
	if (image->endian[0] != '\0' && device_endian != '\0' && image->endian[0] != device_endian)
		return IMAGE_NO;
	if (image->endian[0] == '\0' && device_endian == 'l' && text_starts(image->family, "mips"))
		return IMAGE_UNKNOWN;
	return IMAGE_YES;
}

bool image_archs_differ(const char *one, const char *other)
{
	const struct arch_word *a = find_arch(one), *b = find_arch(other);

	if (a == NULL || b == NULL)
		return false;
	return !text_equal(a->family, b->family) || (a->endian[0] != '\0' && b->endian[0] != '\0' && a->endian[0] != b->endian[0]);
}
