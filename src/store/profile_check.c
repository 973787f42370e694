/* What a profile may say, beyond the shape that its schema gives it. */
#include "src/store/profile_check.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "recovery/image/image.h"
#include "recovery/loader/loader.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/yaml_value.h"

/* What a check needs to report: the file, where the error goes. */
struct checker {
	const struct yaml_file *file;
	struct error *reterr;
};

static enum status check_word(const struct checker *checker, const char *where, const char *const *words,
			      const char *word)
{
	char all[192] = "";

	if (word == NULL)
		return STATUS_OK;
	for (; *words != NULL; words++) {
		if (text_equal(*words, word))
			return STATUS_OK;
		text_append(all, sizeof(all), "%s%s", all[0] ? ", " : "", *words);
	}
	yaml_file_error(checker->file, checker->reterr, where, "'%.60s' is not known here", word);
	return error_hint(checker->reterr, "one of: %s", all);
}

static enum status check_loader(const struct checker *checker, const struct profile *profile)
{
	const char *name = profile->console.loader;

	if (loader_driver_find(name) == NULL) {
		char all[160] = "";

		for (size_t i = 0; loader_driver_name(i) != NULL; i++)
			text_append(all, sizeof(all), "%s%s", i ? ", " : "", loader_driver_name(i));
		yaml_file_error(checker->file, checker->reterr, "console/loader", "no driver for the bootloader '%.60s'", name);
		return error_hint(checker->reterr, "one of: %s", all);
	}
	if (text_equal(name, "cfe") && profile->storage.kind != NULL && profile->storage.node == NULL)
		return yaml_file_error(checker->file, checker->reterr, "storage", "a CFE must be told the flash device by name: node");
	return STATUS_OK;
}

static enum status check_words(const struct checker *checker, const struct profile *profile)
{
	static const char *const kinds[] = { "camera", "recorder", "router", "gateway", "switch",
					     "nas",    "board",    "soc",    "mcu",     NULL };
	static const char *const archs[] = { "arm",     "armv5",  "armv6",  "armv7",   "aarch64",
					     "mips",    "mipsel", "mips64", "powerpc", "riscv32",
					     "riscv64", "x86",    "x86_64", "xtensa",  NULL };
	static const char *const stores[] = { "cfi", "spi-nor", "nand", "mmc", "virtio", NULL };
	enum status status = check_word(checker, "kind", kinds, profile->kind);

	if (status == STATUS_OK)
		status = check_word(checker, "arch", archs, profile->arch);
	if (status == STATUS_OK)
		status = check_word(checker, "storage/kind", stores, profile->storage.kind);
	return status != STATUS_OK ? status : check_loader(checker, profile);
}

static enum status check_partition(const struct checker *checker, const struct profile *profile, unsigned number)
{
	static const char *const guards[] = { "never-write", "unit-data", NULL };
	static const char *const holds[] = { "firmware", "kernel", "rootfs", "settings", "bootloader", "data", NULL };
	const struct profile_partition *part = &profile->partitions[number];
	enum status status;
	char where[64];

	text_format(where, sizeof(where), "partitions/%u/size", number);
	if (part->size == 0 || part->size > UINT64_MAX - part->offset)
		return yaml_file_error(checker->file, checker->reterr, where, "partition '%s' has no possible size",
				       part->name);
	text_format(where, sizeof(where), "partitions/%u", number);
	for (unsigned i = 0; i < number; i++) {
		const struct profile_partition *other = &profile->partitions[i];

		if (text_equal(part->name, other->name))
			return yaml_file_error(checker->file, checker->reterr, where, "a second partition '%s'",
					       part->name);
		if (part->offset < other->offset + other->size && other->offset < part->offset + part->size)
			return yaml_file_error(checker->file, checker->reterr, where, "partition '%s' overlaps '%s'",
					       part->name, other->name);
	}
	text_format(where, sizeof(where), "partitions/%u/guard", number);
	status = check_word(checker, where, guards, part->guard);
	text_format(where, sizeof(where), "partitions/%u/holds", number);
	return status != STATUS_OK ? status : check_word(checker, where, holds, part->holds);
}

static enum status check_image_formats(const struct checker *checker, const struct profile *profile)
{
	char where[64];

	if (profile->image_formats.count > 0 && profile->image_covers.count == 0)
		return yaml_file_error(checker->file, checker->reterr, "image-formats", "formats of an image without 'image-covers'");
	for (unsigned i = 0; i < profile->image_formats.count; i++) {
		if (image_is_format_word(profile->image_formats.item[i]))
			continue;
		text_format(where, sizeof(where), "image-formats/%u", i);
		yaml_file_error(checker->file, checker->reterr, where, "'%.40s' is no image format", profile->image_formats.item[i]);
		return error_hint(checker->reterr, "the word that 'unbrick inspect --json' names an image of this device by");
	}
	return STATUS_OK;
}

/* The image is one run of whole partitions, and none of them is guarded as never to be written. */
static enum status check_image_covers(const struct checker *checker, const struct profile *profile)
{
	const struct profile_partition *before = NULL;

	for (unsigned i = 0; i < profile->image_covers.count; i++) {
		const char *name = profile->image_covers.item[i];
		const struct profile_partition *part = profile_partition_named(profile, name);
		char where[64];

		text_format(where, sizeof(where), "image-covers/%u", i);
		if (part == NULL)
			return yaml_file_error(checker->file, checker->reterr, where,
					       "there is no partition '%s'", name);
		if (before != NULL && before->offset + before->size != part->offset)
			return yaml_file_error(checker->file, checker->reterr, where,
					       "'%s' does not begin where '%s' ends", name, before->name);
		if (text_equal(part->guard, "never-write"))
			return yaml_file_error(checker->file, checker->reterr, where,
					       "'%s' must never be written", name);
		before = part;
	}
	return check_image_formats(checker, profile);
}

static bool is_date(const char *text)
{
	static const char shape[] = "0000-00-00";

	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == '-' ? text[i] != '-' : !isdigit((unsigned char)text[i]))
			return false;
	return text[sizeof(shape) - 1] == '\0';
}

static bool is_tested_word(const char *text)
{
	return text_equal(text, "untested") || (text_starts(text, "ok ") && is_date(text + 3)) ||
	       (text_starts(text, "bad ") && is_date(text + 4));
}

static enum status check_method(const struct checker *checker, const struct profile *profile, unsigned number)
{
	const struct profile_method *method = &profile->methods[number];
	char where[64];

	for (unsigned i = 0; i < number; i++) {
		text_format(where, sizeof(where), "methods/%u/name", number);
		if (text_equal(method->name, profile->methods[i].name))
			return yaml_file_error(checker->file, checker->reterr, where, "a second method '%s'",
					       method->name);
	}
	for (unsigned i = 0; i < method->treats.count; i++) {
		enum cause cause;

		text_format(where, sizeof(where), "methods/%u/treats/%u", number, i);
		if (!cause_parse(method->treats.item[i], &cause) || !cause_is_fault(cause))
			return yaml_file_error(checker->file, checker->reterr, where,
					       "'%.40s' is not the label of a fault", method->treats.item[i]);
	}
	text_format(where, sizeof(where), "methods/%u/tested", number);
	if (!is_tested_word(method->tested)) {
		yaml_file_error(checker->file, checker->reterr, where, "'%.40s' does not say how it was tested",
				method->tested);
		return error_hint(checker->reterr, "untested, ok YYYY-MM-DD or bad YYYY-MM-DD");
	}
	return STATUS_OK;
}

static enum status check_network(const struct checker *checker, const struct profile *profile)
{
	const struct { const char *where, *value; } rows[] = {
		{ "network/device-ip", profile->network.device_ip },
		{ "network/bench-ip", profile->network.bench_ip },
		{ "network/netmask", profile->network.netmask },
	};
	struct in_addr address;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].value != NULL && inet_pton(AF_INET, rows[i].value, &address) != 1)
			return yaml_file_error(checker->file, checker->reterr, rows[i].where,
					       "'%.40s' is no IPv4 address", rows[i].value);
	if (profile->network.tftp_port > 65535)
		return yaml_file_error(checker->file, checker->reterr, "network/tftp-port", "no port");
	return STATUS_OK;
}

static enum status check_firmware(const struct checker *checker, const struct profile *profile)
{
	for (unsigned i = 0; i < profile->firmware_count; i++) {
		const char *hash = profile->firmware[i].sha256, *url = profile->firmware[i].url;
		char where[64];

		text_format(where, sizeof(where), "firmware/%u/sha256", i);
		if (hash != NULL && (strlen(hash) != 64 || strspn(hash, "0123456789abcdef") != 64))
			return yaml_file_error(checker->file, checker->reterr, where,
					       "not 64 hexadecimal digits in lower case");
		text_format(where, sizeof(where), "firmware/%u/url", i);
		if (url != NULL && !text_starts(url, "https://") && !text_starts(url, "http://"))
			return yaml_file_error(checker->file, checker->reterr, where, "no address of the web");
	}
	return STATUS_OK;
}

/* As line_parse_frame() takes it. */
static bool is_frame(const char *text)
{
	return strlen(text) == 3 && text[0] >= '5' && text[0] <= '8' && strchr("NEO", text[1]) != NULL && (text[2] == '1' || text[2] == '2');
}

static enum status check_rest(const struct checker *checker, const struct profile *profile)
{
	if (profile->console.frame != NULL && !is_frame(profile->console.frame))
		return yaml_file_error(checker->file, checker->reterr, "console/frame", "'%.20s' is no frame; 8N1 and 7E1 are",
				       profile->console.frame);
	for (unsigned i = 0; i < profile->identity.env.count; i++) {
		char where[64];

		text_format(where, sizeof(where), "identity/env/%u", i);
		if (strchr(profile->identity.env.item[i], '=') == NULL)
			return yaml_file_error(checker->file, checker->reterr, where, "'%.60s' is no name=value",
					       profile->identity.env.item[i]);
	}
	if (profile->method_count == 0 && profile->no_method == NULL) {
		yaml_file_error(checker->file, checker->reterr, "", "neither 'methods' nor 'no-method'");
		return error_hint(checker->reterr, "no-method says why nothing helps");
	}
	if (profile->method_count > 0 && profile->no_method != NULL)
		return yaml_file_error(checker->file, checker->reterr, "no-method",
				       "'methods' and 'no-method' exclude each other");
	if (profile->source_count == 0)
		return yaml_file_error(checker->file, checker->reterr, "sources", "no source is named");
	return STATUS_OK;
}

static enum status check_patterns(const struct checker *checker, const struct profile *profile)
{
	enum status status = yaml_value_pattern(checker->file, "banner", profile->banner, checker->reterr);
	char where[64];

	for (unsigned i = 0; status == STATUS_OK && i < profile->identity.log.count; i++) {
		text_format(where, sizeof(where), "identity/log/%u", i);
		status = yaml_value_pattern(checker->file, where, profile->identity.log.item[i], checker->reterr);
	}
	return status;
}

enum status profile_check(const struct yaml_file *file, const struct profile *profile, struct error *reterr)
{
	const struct checker checker = { file, reterr };
	enum status status = check_patterns(&checker, profile);

	if (status == STATUS_OK)
		status = check_words(&checker, profile);
	for (unsigned i = 0; status == STATUS_OK && i < profile->partition_count; i++)
		status = check_partition(&checker, profile, i);
	if (status == STATUS_OK)
		status = check_image_covers(&checker, profile);
	for (unsigned i = 0; status == STATUS_OK && i < profile->method_count; i++)
		status = check_method(&checker, profile, i);
	if (status == STATUS_OK)
		status = check_network(&checker, profile);
	if (status == STATUS_OK)
		status = check_firmware(&checker, profile);
	if (status == STATUS_OK)
		status = check_rest(&checker, profile);
	return status;
}
