/* recovery/protocol/boot_rom_hisilicon_objects.c
 *
 * Sources: OpenIPC burn (profiles) and defib (protocol/hisilicon_*.py): what lies where in the files. */
#include <stdlib.h>

#include "recovery/image/json.h"
#include "recovery/protocol/boot_rom_hisilicon.h"
#include "src/base/cleanup.h"

enum {
	PROFILE_ADDRESSES = 3,		/* of the steps, the SPL, the bootloader */
	PROFILE_FILELENS = 2,		/* of the steps, the SPL */
	LARGE_STEP = 64,		/* what is larger than a step is a program that sets up the memory */

	V500_AUX_LENGTH_AT = 1024,
	V500_BOOT_ADDRESS = 0x41000000,

	CV6XX_GSL_AT = 2048,
	CV6XX_GSL_LENGTH_AT = 2084,
	CV6XX_GSL_MORE = 3072,
	CV6XX_PARAMS_AT = 1024,		/* from the GSL's end */
	CV6XX_TABLES_AT = 2048,
	CV6XX_PARAMS_BYTES = 308,
	CV6XX_BOARDS_AT = 300,
	CV6XX_BOARDS = 8,
	CV6XX_UBOOT_MORE = 1024,
	CV6XX_GSL_ADDRESS = 0x04020000,
	CV6XX_DRAM_ADDRESS = 0x41000000,
};
#define CV6XX_GSL_MAGIC UINT32_C(0x4bb4d22d)
#define CV6XX_PARAMS_MAGIC UINT32_C(0x4b87a52d)
#define CV6XX_UBOOT_MAGIC UINT32_C(0x4bf01e2d)

static void add(struct hisilicon_objects *to, const char *name, struct bytes data, uint32_t address, bool trains_memory)
{
	if (to->count < HISILICON_OBJECTS_MAX)
		to->at[to->count++] = (struct hisilicon_object){ name, data, address, trains_memory };
}

/* ---- first generation ---- */

struct profile {
	size_t step_size[HISILICON_STEPS];
	uint32_t address[PROFILE_ADDRESSES];
	size_t addresses;
	uint32_t filelen[PROFILE_FILELENS];
	size_t filelens;
};

static bool is_json(struct bytes data)
{
	size_t at = 0;

	while (at < data.size &&
	       (data.data[at] == ' ' || data.data[at] == '\n' || data.data[at] == '\r' || data.data[at] == '\t'))
		at++;
	return at < data.size && data.data[at] == '{';
}

static bool read_number(const char *text, uint32_t *ret_number)
{
	char *end;
	unsigned long long number = strtoull(text, &end, 0);

	if (end == text || *end != '\0' || number > UINT32_MAX)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

static bool take_leaf(struct profile *profile, struct hisilicon_objects *to, const struct json *json,
		      const struct json_value *value)
{
	static const char *const steps[HISILICON_STEPS] = { "PRESTEP0", "DDRSTEP0", "PRESTEP1" };
	uint32_t number;

	for (size_t i = 0; i < HISILICON_STEPS; i++) {
		if (!json_is_at(json, value, steps[i]))
			continue;
		if (!read_number(value->text, &number) || number > UINT8_MAX ||
		    profile->step_size[i] >= HISILICON_STEP_MAX)
			return false;
		to->steps[i][profile->step_size[i]++] = (uint8_t)number;
	}
	if (json_is_at(json, value, "ADDRESS") && profile->addresses < PROFILE_ADDRESSES)
		return read_number(value->text, &profile->address[profile->addresses++]);
	if (json_is_at(json, value, "FILELEN") && profile->filelens < PROFILE_FILELENS)
		return read_number(value->text, &profile->filelen[profile->filelens++]);
	return true;
}

static enum status read_profile(struct bytes text, struct profile *profile, struct hisilicon_objects *to,
				struct error *reterr)
{
	struct json json;
	struct json_value value;

	json_init(&json, text);
	while (json_next(&json, &value))
		if (!take_leaf(profile, to, &json, &value))
			return error_set(reterr, STATUS_INVALID, "the chip profile has a value that cannot be");
	if (profile->addresses == PROFILE_ADDRESSES && profile->filelens == PROFILE_FILELENS &&
	    profile->step_size[1] > 0)
		return STATUS_OK;
	error_set(reterr, STATUS_INVALID,
		  "the chip profile is not complete: it needs DDRSTEP0, three of ADDRESS and two of FILELEN");
	return error_hint(reterr, "Some profiles only name another one: give that file");
}

static enum status objects_of_profile(const struct boot_rom_options *options, struct hisilicon_objects *to,
				      struct error *reterr)
{
	static const char *const names[HISILICON_STEPS] = { "the step before the memory's", "the memory's step",
							    "the step behind the memory's" };
	struct profile profile = { 0 };
	struct bytes loader;
	enum status status = read_profile(options->files[0].data, &profile, to, reterr);

	if (status != STATUS_OK)
		return status;
	if (options->file_count != 2) {
		error_set(reterr, STATUS_INVALID, "the chip profile has to be followed by one bootloader");
		return error_hint(reterr, "Give PROFILE.json and u-boot.bin");
	}
	loader = options->files[1].data;
	if (loader.size < profile.filelen[1])
		return error_set(reterr, STATUS_INVALID,
				 "%s is shorter than the first stage that the profile cuts out of it",
				 options->files[1].name);
	for (size_t i = 0; i < HISILICON_STEPS; i++)
		if (profile.step_size[i] > 0)
			add(to, names[i], bytes_of(to->steps[i], profile.step_size[i]), profile.address[0], false);
	add(to, "the first stage", bytes_of(loader.data, profile.filelen[1]), profile.address[1], true);
	add(to, "the bootloader", loader, profile.address[2], false);
	return STATUS_OK;
}

enum status hisilicon_standard_objects(const struct boot_rom_options *options, struct hisilicon_objects *to,
				       struct error *reterr)
{
	to->count = 0;
	if (is_json(options->files[0].data))
		return objects_of_profile(options, to, reterr);
	for (size_t i = 0; i < options->file_count; i++) {
		const struct boot_rom_file *file = &options->files[i];

		if (!file->has_address) {
			error_set(reterr, STATUS_INVALID, "%s: the boot ROM has to be told where to put it",
				  file->name);
			return error_hint(
				reterr,
				"Give the chip's profile (JSON, as OpenIPC's tools have it) and u-boot.bin; or each part as FILE@ADDRESS");
		}
		add(to, file->name, file->data, (uint32_t)file->address,
		    file->data.size > LARGE_STEP && file->address < HISILICON_DRAM);
	}
	return STATUS_OK;
}

/* ---- composite files ---- */

static enum status one_file(const struct boot_rom_options *options, struct error *reterr)
{
	if (options->file_count == 1)
		return STATUS_OK;
	return error_set(reterr, STATUS_INVALID, "this boot ROM takes one file, which holds all parts");
}

enum status hisilicon_v500_objects(const struct boot_rom_options *options, struct hisilicon_objects *to,
				   struct error *reterr)
{
	struct bytes all = options->files[0].data;
	uint32_t length;
	enum status status = one_file(options, reterr);

	if (status != STATUS_OK)
		return status;
	to->count = 0;
	if (all.size <= HISILICON_V500_HEAD)
		return error_set(reterr, STATUS_INVALID, "%s is too short for a V500 boot image",
				 options->files[0].name);
	length = load_le32(all.data + V500_AUX_LENGTH_AT);
	if (length == 0 || length > all.size - HISILICON_V500_HEAD) {
		error_set(reterr, STATUS_INVALID,
			  "%s is no V500 boot image: its second part (%u bytes) does not lie in it",
			  options->files[0].name, length);
		return error_hint(reterr, "Take the bootloader that is made for this family");
	}
	add(to, "the head", bytes_of(all.data, HISILICON_V500_HEAD), 0, false);
	add(to, "the memory's set-up", bytes_of(all.data + HISILICON_V500_HEAD, length), HISILICON_V500_HEAD, true);
	add(to, "the bootloader", all, V500_BOOT_ADDRESS, false);
	return STATUS_OK;
}

struct cv6xx {
	struct bytes gsl, params, loader;
	uint32_t tables_at, table_size, tables;	/* from CV6XX_TABLES_AT behind the GSL */
};

static bool has_magic(struct bytes all, uint64_t at, uint32_t magic)
{
	return at + 4 <= all.size && load_le32(all.data + at) == magic;
}

static bool find_loader(struct bytes all, size_t from, struct bytes *ret_loader)
{
	for (size_t at = from; at + 40 <= all.size; at += 4) {
		uint64_t size;

		if (!has_magic(all, at, CV6XX_UBOOT_MAGIC))
			continue;
		size = (uint64_t)load_le32(all.data + at + 36) + CV6XX_UBOOT_MORE;
		if (size > all.size - at)
			return false;
		*ret_loader = bytes_of(all.data + at, (size_t)size);
		return true;
	}
	return false;
}

static bool parse_cv6xx(struct bytes all, struct cv6xx *to)
{
	uint64_t gsl_size;
	size_t params_at;

	if (!has_magic(all, CV6XX_GSL_AT, CV6XX_GSL_MAGIC) || all.size < CV6XX_GSL_LENGTH_AT + 4)
		return false;
	gsl_size = (uint64_t)load_le32(all.data + CV6XX_GSL_LENGTH_AT) + CV6XX_GSL_MORE;
	if (gsl_size + CV6XX_TABLES_AT > all.size || !has_magic(all, gsl_size + CV6XX_PARAMS_AT, CV6XX_PARAMS_MAGIC))
		return false;
	to->gsl = bytes_of(all.data, (size_t)gsl_size);
	params_at = (size_t)gsl_size + CV6XX_PARAMS_AT;
	to->params = bytes_from(all, params_at);
	if (to->params.size < CV6XX_PARAMS_BYTES)
		return false;
	to->tables_at = load_le32(to->params.data + 32);
	to->table_size = load_le32(to->params.data + 36);
	to->tables = load_le32(to->params.data + 40);
	return find_loader(all, params_at, &to->loader);
}

enum status hisilicon_cv6xx_objects(const struct boot_rom_options *options, uint32_t board,
				    struct hisilicon_objects *to, struct error *reterr)
{
	struct bytes all = options->files[0].data;
	struct cv6xx parts = { .tables = 0 };
	uint64_t at;
	uint32_t table;
	enum status status = one_file(options, reterr);

	if (status != STATUS_OK)
		return status;
	to->count = 0;
	if (!parse_cv6xx(all, &parts)) {
		error_set(reterr, STATUS_INVALID, "%s is no CV6xx boot image: its parts are not where they should be",
			  options->files[0].name);
		return error_hint(reterr,
				  "Take the bootloader that is made for this family, with all parts in one file");
	}
	table = parts.params.data[CV6XX_BOARDS_AT + (board < CV6XX_BOARDS ? board : 0)];
	if (table >= parts.tables)
		table = 0;
	at = (uint64_t)parts.gsl.size + CV6XX_TABLES_AT + parts.tables_at + (uint64_t)table * parts.table_size;
	if (parts.table_size > HISILICON_TABLE_MAX - CV6XX_TABLES_AT || at > all.size ||
	    parts.table_size > all.size - at)
		return error_set(reterr, STATUS_INVALID, "%s: the memory's table does not lie in the file",
				 options->files[0].name);
	memcpy(to->table, all.data + parts.gsl.size, CV6XX_TABLES_AT);
	memcpy(to->table + CV6XX_TABLES_AT, all.data + at, parts.table_size);
	add(to, "the first stage", parts.gsl, CV6XX_GSL_ADDRESS, false);
	add(to, "the memory's table", bytes_of(to->table, CV6XX_TABLES_AT + (size_t)parts.table_size),
	    CV6XX_DRAM_ADDRESS, true);
	add(to, "the bootloader", parts.loader, CV6XX_DRAM_ADDRESS, false);
	return STATUS_OK;
}
