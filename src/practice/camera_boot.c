/* bootm and iminfo on legacy images, with the words of U-Boot's boot/image.c and boot/bootm.c; and fwretry. */
#include <time.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/practice/camera.h"

static const char *arch_name(uint8_t arch)	/* U-Boot include/image.h */
{
	static const char *const names[] = {
		[2] = "ARM", [3] = "x86", [5] = "MIPS", [7] = "PowerPC", [22] = "AArch64", [26] = "RISC-V",
	};

	return arch < ARRAY_SIZE(names) && names[arch] != NULL ? names[arch] : "Unknown Architecture";
}

static const char *type_name(uint8_t type)
{
	static const char *const names[] = {
		[2] = "Kernel Image", [3] = "RAMDisk Image", [4] = "Multi-File Image", [5] = "Firmware", [6] = "Script",
	};

	return type < ARRAY_SIZE(names) && names[type] != NULL ? names[type] : "Unknown Image";
}

static const char *compression_name(uint8_t compression)
{
	static const char *const names[] = { "uncompressed", "gzip compressed", "bzip2 compressed", "lzma compressed",
					     "lzo compressed" };

	return compression < ARRAY_SIZE(names) ? names[compression] : "unknown compression";
}

void say_size(struct camera *cam, uint64_t bytes, const char *behind)
{
	unsigned shift = bytes >= 1 << 20 ? 20 : bytes >= 1 << 10 ? 10 : 0;
	const char *unit = shift == 20 ? "MiB" : shift == 10 ? "KiB" : "Bytes";
	uint64_t tenths = shift == 0 ? bytes * 10 : ((bytes * 10) + (1u << (shift - 1))) >> shift;

	if (tenths % 10 == 0)
		say(cam, "%llu %s%s", (unsigned long long)tenths / 10, unit, behind);
	else
		say(cam, "%llu.%llu %s%s", (unsigned long long)tenths / 10, (unsigned long long)tenths % 10, unit,
		    behind);
}

static void describe(struct camera *cam, const struct uimage *image)
{
	time_t created = (time_t)image->time;
	struct tm when;

	gmtime_r(&created, &when);
	say(cam, "   Image Name:   %s\n", image->name);
	say(cam, "   Created:      %4d-%02d-%02d  %2d:%02d:%02d UTC\n", when.tm_year + 1900, when.tm_mon + 1,
	    when.tm_mday, when.tm_hour, when.tm_min, when.tm_sec);
	say(cam, "   Image Type:   %s %s %s (%s)\n", arch_name(image->arch), image->os == 5 ? "Linux" : "Unknown OS",
	    type_name(image->type), compression_name(image->compression));
	say(cam, "   Data Size:    %u Bytes = ", image->size);
	say_size(cam, image->size, "\n");
	say(cam, "   Load Address: %08x\n   Entry Point:  %08x\n", image->load, image->entry);
}

/* From the magic on to the data's checksum, as both commands do it. */
static bool looks_whole(struct camera *cam, struct bytes image, enum image_state state)
{
	struct uimage header;

	if (state == IMAGE_BAD_HEADER || !uimage_parse(image, &header)) {
		say(cam, "   Bad Header Checksum\n");
		return false;
	}
	describe(cam, &header);
	say(cam, "   Verifying Checksum ... ");
	camera_wait(cam, header.size / 5000 > 400 ? 400 : header.size / 5000);
	if (state == IMAGE_BAD_DATA) {
		say(cam, "Bad Data CRC\n");
		return false;
	}
	say(cam, "OK\n");
	return true;
}

static uint32_t load_address(const struct camera *cam)
{
	const char *last = env_get(&cam->env, "fileaddr");
	uint32_t address;

	return parse_hex(last, &address) ? address : LOAD_ADDRESS;
}

static bool find_image(struct camera *cam, int argc, char **argv, uint32_t *ret_address, struct bytes *ret_image)
{
	const uint8_t *at;

	*ret_address = load_address(cam);
	if (argc > 1 && !parse_hex(argv[1], ret_address))
		return false;
	at = ram_at(cam, *ret_address, UIMAGE_HEADER);
	if (at != NULL)
		*ret_image = bytes_of(at, RAM_SIZE - (size_t)(at - cam->ram));
	return at != NULL;
}

int command_iminfo(struct camera *cam, int argc, char **argv)
{
	struct bytes image;
	uint32_t address;
	enum image_state state;

	if (!find_image(cam, argc, argv, &address, &image))
		return 1;
	state = uimage_judge(image);
	say(cam, "\n## Checking Image at %08x ...\n", address);
	if (state == IMAGE_NO_MAGIC) {
		say(cam, "Unknown image format!\n");
		return 1;
	}
	say(cam, "   Legacy image found\n");
	return !looks_whole(cam, image, state);
}

static bool may_start(struct camera *cam, struct bytes image, enum image_state state)
{
	struct uimage header;

	if (!looks_whole(cam, image, state) || !uimage_parse(image, &header))
		return false;
	if (state == IMAGE_WRONG_ARCH) {
		say(cam, "Unsupported Architecture 0x%x\n", header.arch);
		return false;
	}
	say(cam, "   Verifying Signature ... ");
	camera_wait(cam, 60);
	if (state == IMAGE_BAD_SIGNATURE) {
		say(cam, "sha256,rsa2048:pcam1-vendor- error!\n");
		say(cam, "Failed to verify required signature 'key-pcam1-vendor'\n");
		return false;
	}
	say(cam, "sha256,rsa2048:pcam1-vendor+ OK\n");
	return true;
}

int command_bootm(struct camera *cam, int argc, char **argv)
{
	struct bytes image;
	uint32_t address;
	enum image_state state;

	if (!find_image(cam, argc, argv, &address, &image))
		return 1;
	state = uimage_judge(image);
	if (state == IMAGE_NO_MAGIC) {
		say(cam, "Wrong Image Format for bootm command\nERROR: can't get kernel image!\n");
		return 1;
	}
	say(cam, "## Booting kernel from Legacy Image at %08x ...\n", address);
	if (!may_start(cam, image, state)) {
		say(cam, "ERROR: can't get kernel image!\n");
		return 1;
	}
	say(cam, "   Loading Kernel Image\n");
	camera_wait(cam, 100);
	say(cam, "\nStarting kernel ...\n\n");
	linux_run(cam);
	return 1;
}

/* ---- the maker's second try after an update that was cut off ---- */

enum { RETRY_S = 20 };

static bool wait_for_retry(struct camera *cam)
{
	for (int left = RETRY_S; left > 0; left -= 5) {
		say(cam, "PCAM update: next try in %d s, any key stops it\n", left);
		for (int tenth = 0; tenth < 50 && camera_wait(cam, 100); tenth++)
			if (camera_key(cam) >= 0)
				return false;
	}
	return cam->halt == CAMERA_RUNS;
}

int command_fwretry(struct camera *cam, int argc, char **argv)
{
	static const char finish[] =
		"sf probe 0 && sf update 42000000 50000 500000 && setenv update_state && saveenv && reset";
	const char *update = env_get(&cam->env, "update_state");
	uint8_t *at = ram_at(cam, LOAD_ADDRESS, IMAGE_SIZE);

	(void)argc, (void)argv;
	if (update == NULL || !text_equal(update, "writing") || at == NULL) {
		say(cam, "PCAM update: no update is open\n");
		return 1;
	}
	say(cam, "PCAM update: the last update was interrupted; its file is still on the card\n");
	if (!wait_for_retry(cam)) {
		cam->was_touched = true;
		say(cam, "PCAM update: stopped\n");
		return 1;
	}
	say(cam, "PCAM update: writing pcam1-1.3.0.bin again\n");
	memcpy(at, cam->image, IMAGE_SIZE);
	return loader_run(cam, finish);
}
