/* recovery/protocol/boot_rom.c
 *
 * The table of boot ROMs, what is checked before any of them begins, and which processors have none on a UART. */
#include <stdlib.h>
#include <strings.h>

#include "recovery/protocol/boot_rom_machine.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"


static const struct boot_rom_protocol *const protocols[] = {
	&boot_rom_hisilicon, &boot_rom_hisilicon_v500, &boot_rom_hisilicon_cv6xx, &boot_rom_marvell, &boot_rom_esp,
	&boot_rom_samba, &boot_rom_stm32, &boot_rom_imx, &boot_rom_ti, &boot_rom_xmodem, &boot_rom_mediatek,
};

static const struct {
	const char *name;
	const char *why;
} without_uart[] = {
	{ "allwinner", "its ROM loads over USB only (FEL); the serial line just shows what runs" },
	{ "rockchip", "its ROM loads over USB only (maskrom); the serial line just shows what runs" },
	{ "amlogic", "its ROM loads over USB only; the serial line just shows what runs" },
	{ "ingenic", "its ROM loads over USB only" },
	{ "ambarella", "its ROM loads over USB only" },
	{ "qualcomm", "its ROM loads over USB only (EDL)" },
	{ "broadcom", "its ROM has no serial download; the way back is the CFE bootloader, or a programmer" },
	{ "mt7621", "MediaTek's MIPS processors have no loading ROM; the menu of their U-Boot takes files with Kermit" },
};

const struct boot_rom_protocol *const *boot_rom_protocols(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(protocols);
	return protocols;
}

const struct boot_rom_protocol *boot_rom_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (strcasecmp(protocols[i]->name, name) == 0)
			return protocols[i];
	return NULL;
}

const char *boot_rom_why_not(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(without_uart); i++)
		if (strcasecmp(without_uart[i].name, name) == 0)
			return without_uart[i].why;
	return NULL;
}

const char *boot_rom_phase_name(enum boot_rom_phase phase)
{
	static const char *const names[] = { "calling", "identifying", "loading", "writing", "verifying", "starting" };

	return phase < ARRAY_SIZE(names) ? names[phase] : "";
}

static enum status check_file(const struct boot_rom_protocol *protocol, const struct boot_rom_file *file,
			      struct error *reterr)
{
	if (file->data.size == 0)
		return error_set(reterr, STATUS_INVALID, "%s is empty", file->name);
	if (file->data.size > BOOT_ROM_FILE_MAX)
		return error_set(reterr, STATUS_INVALID, "%s is too large for a serial line", file->name);
	if (protocol->needs_address && !file->has_address) {
		error_set(reterr, STATUS_INVALID, "%s: the %s has to be told where to put it", file->name,
			  protocol->title);
		return error_hint(reterr, "Give FILE@ADDRESS, as in image.bin@0x1000");
	}
	if (file->has_address && (file->address > UINT32_MAX || file->data.size > UINT32_MAX - file->address))
		return error_set(reterr, STATUS_INVALID, "%s: the address is beyond 32 bits", file->name);
	return STATUS_OK;
}

static enum status check_options(const struct boot_rom_protocol *protocol, const struct boot_rom_options *options,
				 struct error *reterr)
{
	if (options->identify_only)
		return STATUS_OK;
	if (options->file_count == 0 || options->file_count > BOOT_ROM_FILES_MAX) {
		error_set(reterr, STATUS_INVALID,
			  options->file_count == 0 ? "there is no file to load" : "these are too many files");
		return error_hint(reterr, "The %s takes %s", protocol->title, protocol->files);
	}
	for (size_t i = 0; i < options->file_count; i++) {
		enum status status = check_file(protocol, &options->files[i], reterr);

		if (status != STATUS_OK)
			return status;
	}
	if (protocol->writes_flash && !options->may_write_flash) {
		error_set(reterr, STATUS_REFUSED, "the %s would erase and write the device's flash", protocol->title);
		return error_hint(reterr, "Look at it with --identify first; --yes says that it may be written");
	}
	return protocol->ops->check != NULL ? protocol->ops->check(options, reterr) : STATUS_OK;
}

enum status boot_rom_begin(const struct boot_rom_protocol *protocol, const struct boot_rom_options *options,
			   uint64_t now_ms, struct boot_rom **ret_rom, struct error *reterr)
{
	struct boot_rom *rom;
	enum status status = check_options(protocol, options, reterr);

	if (status != STATUS_OK)
		return status;
	rom = calloc(1, protocol->machine_bytes);
	if (rom == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a boot ROM's machine");
	rom->protocol = protocol;
	rom->options = *options;
	if (options->identify_only)
		rom->options.file_count = 0;
	rom->baud = options->baud > 0 ? options->baud : protocol->baud;
	rom->began_ms = now_ms;
	rom->deadline_ms = rom->wait_ms = UINT64_MAX;
	for (size_t i = 0; i < rom->options.file_count; i++)
		rom->progress.all_bytes += options->files[i].data.size;
	if (protocol->needs_power_cycle)
		boot_rom_tell(rom, BOOT_ROM_POWER_ON, "switch the power on");
	protocol->ops->start(rom, now_ms);
	*ret_rom = rom;
	return STATUS_OK;
}
