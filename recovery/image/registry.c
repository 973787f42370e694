/* recovery/image/registry.c
 *
 * The table of formats, in the order of asking: what has no magic of its own comes where nothing stronger can be mistaken for it. */
#include "recovery/image/format.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { TRAILERS_MAX = 6 };

#define FORMATS(row) \
	/* nothing in it */ \
	row(empty) row(erased) \
	/* loaders and kernels */ \
	row(uimage) row(fdt) row(zimage) row(arm64) row(riscv) row(bzimage) row(s390) row(pe) row(elf) \
	/* router vendors */ \
	row(trx) row(chdr) row(usr_trx) row(motorola_trx) row(linksys_bin) row(netgear_chk) row(netgear_dni) row(sercomm) \
	row(seama) row(dlink_wrgg) row(dlink_wrg) row(dlink_shrs) row(dlink_encrpted) row(dlink_deafbead) \
	row(openwrt_sysupgrade_tar) row(mikrotik_npk) row(xiaomi_hdr1) row(xiaomi_hdr2) row(huawei_hwnp) row(meraki) row(ubnt) \
	row(zyxel_0rdh) row(zyxel_zld) row(edimax_named) row(edimax) row(buffalo_enc) \
	row(gemtek) row(jcg) row(luxul) row(tplink_safeloader) row(iptime_nas) row(h3c) row(cameo) row(planex) row(iptime) row(brn) \
	/* update bundles */ \
	row(swupdate) row(mender) row(rauc) row(bmap) row(fip) row(uefi_capsule) row(uefi_volume) row(cab) \
	/* cameras */ \
	row(dahua_zip) row(instar_hd) row(bneg) row(hikvision) row(reolink) row(ambarella) row(openipc) \
	/* microcontrollers, Android, UEFI */ \
	row(android_boot) row(android_vendor_boot) row(android_dtbo) row(android_sparse) row(android_super) row(vbmeta) row(mcuboot) row(uf2) row(dfuse) \
	row(esp_flash) row(esp) row(dfu_prefix) row(ihex) row(srec) row(gbl) row(ebl) row(zigbee_ota) row(zigbee_signed) \
	/* file systems and disks */ \
	row(squashfs) row(ubi) row(ubifs) row(jffs2) row(cramfs) row(romfs) row(erofs) row(iso9660) row(ext) row(littlefs) \
	row(egon) row(toc0) row(rockchip) row(rockchip_loader) row(rkfw) row(rkaf) row(imx) row(imx_v1) row(imx_nand) row(imx_container) row(ti) row(k3) \
	row(stm32) row(socfpga) row(mxs_sb) row(pbl) row(lpc32xx) row(davinci_ais) row(davinci_ubl) row(starfive) row(spkg) \
	row(amlogic) row(mediatek) row(ingenic) row(sigmastar) row(novatek) row(option_rom) row(zynq) row(xilinx_bit) row(raspberry) row(fat) row(gpt) row(mbr) row(kwb) \
	row(at91) row(ti_keystone) \
	/* packed files and archives */ \
	row(gzip) row(xz) row(bzip2) row(zstd) row(lz4) row(lzop) row(zip) row(7z) row(deb) row(ar) row(cpio) row(tar) \
	/* router vendors without a magic, or with a short one */ \
	row(tplink_v2) row(tplink_v1) row(bcm963xx_imagetag) row(buffalo_tag) row(dlink_dns) row(zyxel_ras) row(senao) row(dlink_dap) \
	row(dlink_dap2) row(zynos) row(lzma) \
	/* what a server sent instead */ \
	row(lfs_pointer) row(torrent) row(metalink) row(html) row(json) row(text_error) \
	/* what is no image, or cannot be looked into */ \
	row(openssl) row(pdf) row(script) row(text) \
	/* encrypted as a whole: to see its magic takes longer than to ask all the others */ \
	row(hilink)

#define TRAILERS(row) \
	row(openwrt) row(sercomm_footer) row(zyxel_znbg) row(linksys_footer) row(broadcom_wfi) \
	/* microcontrollers, Android */ \
	row(dfu_suffix) row(avb_footer) \
	/* where no good one was found */ \
	row(openwrt_cut)

#define DECLARE(name) extern const struct image_format image_format_##name;
#define POINT(name) &image_format_##name,

#define DECLARE_TRAILER(name) extern const struct image_trailer image_trailer_##name;
#define POINT_TRAILER(name) &image_trailer_##name,

FORMATS(DECLARE)
TRAILERS(DECLARE_TRAILER)

static const struct image_format *const formats[] = { FORMATS(POINT) };

static const struct image_trailer *const trailers[] = { TRAILERS(POINT_TRAILER) NULL };

const struct image_format *image_find_format(const struct image_input *in, bool is_scan)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		bool (*test)(const struct image_input *) = is_scan ? formats[i]->is_sound : formats[i]->matches;

		if (test != NULL && test(in))
			return formats[i];
	}
	return NULL;
}

bool image_is_format_word(const char *word)
{
	/* what inspect makes of a row's word where it sees more */
	static const char *const finer[] = { "fit", "ext2", "ext3", "pe", "xiongmai-zip" };

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (text_equal(formats[i]->word, word))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(finer); i++)
		if (text_equal(finer[i], word))
			return true;
	return false;
}

uint64_t image_read_trailers(const struct image_input *in, struct image_facts *facts)
{
	struct image_input rest = *in;
	uint64_t start;

	/* each may sum up the whole file */
	for (size_t i = 0, found = 0; trailers[i] != NULL && found < TRAILERS_MAX; i++) {
		if (!trailers[i]->inspect(&rest, facts, &start) || start >= rest.size)
			continue;
		rest.data.size = (size_t)(rest.size = start);
		text_copy(facts->format, sizeof(facts->format), trailers[i]->word);
		i = (size_t)-1;		/* another one may stand before it */
		found++;
	}
	return rest.size;
}

void image_add_trailer(struct image_facts *facts, const struct image_facts *of, uint64_t start)
{
	struct image_part *part = facts->part_count < IMAGE_PARTS ? &facts->parts[facts->part_count++] : NULL;

	if (part != NULL) {
		*part = (struct image_part){ .offset = start, .size = facts->file_size - start, .depth = 1, .whole = of->whole };
		text_copy(part->format, sizeof(part->format), of->format);
		text_copy(part->name, sizeof(part->name), "trailer");
	}
	if (text_equal(facts->format, "unknown")) {
		text_copy(facts->format, sizeof(facts->format), of->format);
		text_copy(facts->title, sizeof(facts->title), of->title);
	}
	/* A trailer says for which boards the file is meant and which version it is; what lies inside may name less, or only the kernel's. */
	if (of->board_count > 0)
		facts->board_count = 0;
	if (of->version[0] != '\0')
		text_copy(facts->version, sizeof(facts->version), of->version);
	if (of->vendor[0] != '\0')
		text_copy(facts->vendor, sizeof(facts->vendor), of->vendor);
	image_adopt(facts, of);
	if (of->warning[0] != '\0')
		image_warning(facts, "%s", of->warning);
	for (unsigned i = 0; i < of->problem_count; i++)
		if (i < of->broken_count)
			image_broken(facts, of->problems[i].offset, "%s", of->problems[i].what);
		else
			image_problem(facts, of->problems[i].offset, "%s", of->problems[i].what);
	if (of->whole == IMAGE_YES && facts->whole == IMAGE_UNKNOWN)
		facts->whole = IMAGE_YES;
	if (of->checked[0] != '\0')
		text_copy(facts->checked, sizeof(facts->checked), of->checked);
}
