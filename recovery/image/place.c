#include "recovery/image/place.h"

#include "src/base/cleanup.h"
#include "src/base/text.h"

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal(word, words[i]))
			return true;
	return false;
}

/* Only what cannot be the other one as well: a kernel may lie in ext4, JFFS2 or UBI, and a uImage may wrap a file system. */
static bool is_root_file_system(const struct image_facts *facts)
{
	static const char *const words[] = { "squashfs", "cramfs", "romfs", "erofs" };

	return is_one_of(facts->format, words, ARRAY_SIZE(words));
}

static bool is_kernel(const struct image_facts *facts)
{
	static const char *const words[] = { "zimage", "arm64-image", "riscv-image", "bzimage" };

	return is_one_of(facts->format, words, ARRAY_SIZE(words)) || (text_equal(facts->format, "uimage") && text_contains(facts->title, "(kernel)"));
}

/* What stands beside a kernel: U-Boot's bootm refuses a uImage of such a type (boot/bootm.c, boot_get_kernel: "Wrong Image Type"), and a device
 * tree is no program. One with a vendor's magic is left to that vendor's loader. */
static bool is_beside_a_kernel(const struct image_facts *facts)
{
	static const char *const titles[] = {
		"U-Boot image (ramdisk)", "U-Boot image (script)", "U-Boot image (device tree)", "U-Boot image (firmware)", "U-Boot image (file system)",
	};

	return text_equal(facts->format, "dtb") || (text_equal(facts->format, "uimage") && is_one_of(facts->title, titles, ARRAY_SIZE(titles)));
}

/* Neither a header, nor anything behind it, nor code of a processor. */
static bool is_nothing_known(const struct image_facts *facts)
{
	return text_equal(facts->format, "unknown") && facts->part_count == 0 && facts->arch[0] == '\0';
}

static enum image_belonging judge_named(const struct image_facts *facts, const struct image_place *place, char *ret_reason, size_t size)
{
	char named[80] = "";

	if (is_one_of(facts->format, place->formats, place->format_count))
		return IMAGE_BELONGS;
	for (size_t i = 0; i < place->format_count; i++)
		text_append(named, sizeof(named), "%s%s", i == 0 ? "" : " or ", place->formats[i]);
	text_format(ret_reason, size, "the file begins with %s%s; what this device starts there begins with %s",
		    text_equal(facts->format, "unknown") ? "nothing that is known" : facts->format,
		    facts->role == IMAGE_ROLE_PACKAGE ? ", made for another loader or updater" : "", named);
	return IMAGE_BELONGS_NOT;
}

static enum image_belonging judge_by_holds(const struct image_facts *facts, const char *holds, char *ret_reason, size_t size)
{
	bool is_of_kernel = text_equal(holds, "kernel"), is_of_root = text_equal(holds, "rootfs");
	const char *place = is_of_kernel ? "the kernel" : "the root file system";

	if (is_of_kernel && is_root_file_system(facts))
		text_format(ret_reason, size, "the file is a root file system (%s); its place in the flash begins with %s", facts->format, place);
	else if (is_of_root && is_kernel(facts))
		text_format(ret_reason, size, "the file begins with a kernel (%s); its place in the flash begins with %s", facts->format, place);
	else if ((is_of_kernel || is_of_root) && facts->role == IMAGE_ROLE_LOADER)
		text_format(ret_reason, size, "the file is a bootloader (%s); its place in the flash begins with %s", facts->format, place);
	else if (is_of_kernel && is_beside_a_kernel(facts))
		text_format(ret_reason, size, "the file begins with no kernel (%s); its place in the flash begins with %s", facts->title, place);
	else
		return IMAGE_BELONGS;
	return IMAGE_BELONGS_NOT;
}

enum image_belonging image_belongs(const struct image_facts *facts, const struct image_place *place, char *ret_reason, size_t size)
{
	enum image_belonging belongs;

	if (is_nothing_known(facts)) {
		text_format(ret_reason, size, "nothing that is known as firmware is in the file: no header, no part, no code");
		return IMAGE_BELONGS_NOT;
	}
	belongs = judge_by_holds(facts, place->holds, ret_reason, size);
	if (belongs != IMAGE_BELONGS)
		return belongs;
	if (place->format_count > 0)
		return judge_named(facts, place, ret_reason, size);
	if (facts->role != IMAGE_ROLE_PACKAGE || text_has_word(place->loader_starts, facts->format))
		return IMAGE_BELONGS;
	text_format(ret_reason, size, "the file is a package (%s) for a loader of its own, and it is not known that this device's loader starts such",
		    facts->format);
	return IMAGE_BELONGS_PERHAPS;
}
