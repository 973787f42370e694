#include "recovery/image/place.h"

#include "src/base/cleanup.h"
#include "src/base/text.h"

/* Only what cannot be the other one as well: a kernel may lie in ext4, JFFS2 or UBI, and a uImage may wrap a file system. */
static bool is_root_file_system(const struct image_facts *facts)
{
	static const char *const words[] = { "squashfs", "cramfs", "romfs", "erofs" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (text_equal(facts->format, words[i]))
			return true;
	return false;
}

static bool is_kernel(const struct image_facts *facts)
{
	static const char *const words[] = { "zimage", "arm64-image", "riscv-image", "bzimage" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (text_equal(facts->format, words[i]))
			return true;
	return text_equal(facts->format, "uimage") && text_contains(facts->title, "(kernel)");
}

/* Neither a header, nor anything behind it, nor code of a processor. */
static bool is_nothing_known(const struct image_facts *facts)
{
	return text_equal(facts->format, "unknown") && facts->part_count == 0 && facts->arch[0] == '\0';
}

bool image_belongs(const struct image_facts *facts, const char *holds, char *ret_reason, size_t size)
{
	if (is_nothing_known(facts))
		text_format(ret_reason, size, "nothing that is known as firmware is in the file: no header, no part, no code");
	else if (text_equal(holds, "kernel") && is_root_file_system(facts))
		text_format(ret_reason, size, "the file is a root file system (%s); its place in the flash begins with the kernel", facts->format);
	else if (text_equal(holds, "rootfs") && is_kernel(facts))
		text_format(ret_reason, size, "the file begins with a kernel (%s); its place in the flash begins with the root file system", facts->format);
	else
		return true;
	return false;
}
