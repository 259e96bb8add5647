/* Kernels that are compiled twice (Makefile, TWICE) have names of their own in each variant, BL_VARIANT; the names
 * without an end are those that choose.c makes of the public ones. Elsewhere this changes nothing. */
#ifndef BL_NAMES_H
#define BL_NAMES_H

#if defined(BL_VARIANT)
#define BL_JOIN(name, variant)  name##_##variant
#define BL_NAMED(name, variant) BL_JOIN(name, variant)

/* public */
#define bl_gemm_scratch          BL_NAMED(bl_gemm_scratch, BL_VARIANT)
#define bl_gemm                  BL_NAMED(bl_gemm, BL_VARIANT)
#define bl_dense_scratch         BL_NAMED(bl_dense_scratch, BL_VARIANT)
#define bl_dense                 BL_NAMED(bl_dense, BL_VARIANT)
#define bl_conv_scratch          BL_NAMED(bl_conv_scratch, BL_VARIANT)
#define bl_conv_forward          BL_NAMED(bl_conv_forward, BL_VARIANT)
#define bl_conv_backward_input   BL_NAMED(bl_conv_backward_input, BL_VARIANT)
#define bl_conv_backward_weights BL_NAMED(bl_conv_backward_weights, BL_VARIANT)
#define bl_conv_kernel           BL_NAMED(bl_conv_kernel, BL_VARIANT)
#define bl_channel_sums          BL_NAMED(bl_channel_sums, BL_VARIANT)

/* private to kernels/ */
#define bl_pack_rows                  BL_NAMED(bl_pack_rows, BL_VARIANT)
#define bl_pack_columns               BL_NAMED(bl_pack_columns, BL_VARIANT)
#define bl_multiply_panels            BL_NAMED(bl_multiply_panels, BL_VARIANT)
#define bl_multiply_lanes             BL_NAMED(bl_multiply_lanes, BL_VARIANT)
#define bl_block_channels             BL_NAMED(bl_block_channels, BL_VARIANT)
#define bl_block_width                BL_NAMED(bl_block_width, BL_VARIANT)
#define bl_pack_columns_of            BL_NAMED(bl_pack_columns_of, BL_VARIANT)
#define bl_reversed                   BL_NAMED(bl_reversed, BL_VARIANT)
#define bl_winograd_fits              BL_NAMED(bl_winograd_fits, BL_VARIANT)
#define bl_winograd_scratch           BL_NAMED(bl_winograd_scratch, BL_VARIANT)
#define bl_winograd                   BL_NAMED(bl_winograd, BL_VARIANT)
#define bl_winograd_weights_fits      BL_NAMED(bl_winograd_weights_fits, BL_VARIANT)
#define bl_winograd_weights_scratch   BL_NAMED(bl_winograd_weights_scratch, BL_VARIANT)
#define bl_winograd_weights           BL_NAMED(bl_winograd_weights, BL_VARIANT)
#define bl_cut_up                     BL_NAMED(bl_cut_up, BL_VARIANT)
#define bl_strip_fits                 BL_NAMED(bl_strip_fits, BL_VARIANT)
#define bl_strip_count                BL_NAMED(bl_strip_count, BL_VARIANT)
#define bl_copy_strip                 BL_NAMED(bl_copy_strip, BL_VARIANT)
#define bl_tap_offsets                BL_NAMED(bl_tap_offsets, BL_VARIANT)
#define bl_forward_grid               BL_NAMED(bl_forward_grid, BL_VARIANT)
#define bl_next_phase                 BL_NAMED(bl_next_phase, BL_VARIANT)
#define bl_shared_grid                BL_NAMED(bl_shared_grid, BL_VARIANT)
#define bl_phases_cover               BL_NAMED(bl_phases_cover, BL_VARIANT)
#define bl_grid_pack                  BL_NAMED(bl_grid_pack, BL_VARIANT)
#define bl_scatter_strip              BL_NAMED(bl_scatter_strip, BL_VARIANT)
#define bl_sum_strip                  BL_NAMED(bl_sum_strip, BL_VARIANT)
#define bl_together_count             BL_NAMED(bl_together_count, BL_VARIANT)
#define bl_grid_fits                  BL_NAMED(bl_grid_fits, BL_VARIANT)
#define bl_grid_scratch               BL_NAMED(bl_grid_scratch, BL_VARIANT)
#define bl_grid_forward               BL_NAMED(bl_grid_forward, BL_VARIANT)
#define bl_grid_backward              BL_NAMED(bl_grid_backward, BL_VARIANT)
#define bl_plain_forward              BL_NAMED(bl_plain_forward, BL_VARIANT)
#define bl_plain_backward             BL_NAMED(bl_plain_backward, BL_VARIANT)
#define bl_depthwise_fits             BL_NAMED(bl_depthwise_fits, BL_VARIANT)
#define bl_depthwise_scratch          BL_NAMED(bl_depthwise_scratch, BL_VARIANT)
#define bl_depthwise_forward          BL_NAMED(bl_depthwise_forward, BL_VARIANT)
#define bl_depthwise_backward_input   BL_NAMED(bl_depthwise_backward_input, BL_VARIANT)
#define bl_depthwise_backward_weights BL_NAMED(bl_depthwise_backward_weights, BL_VARIANT)
#endif

#endif
