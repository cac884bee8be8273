// SPDX-License-Identifier: MIT
//
// MESSAGE_ID of each LOOPMON_EVENT. systemd/loopmond.catalog has an entry for each; a test
// compares. An id is never reused: an event whose meaning changes gets a new one (`systemd-id128
// new`).
#pragma once

#include <string_view>

namespace loopmon::report {

inline constexpr std::string_view stall_id = "9d5618b938d24f54bd5b2bd08f3cf082";
inline constexpr std::string_view recovered_id = "a49be3105a6d4affab86ff4e23194d0b";
inline constexpr std::string_view recurring_id = "cbf6119208a7443ebbe061df20957d58";
inline constexpr std::string_view recurring_over_id = "c20ac05753f04a57b708fcc921734448";
inline constexpr std::string_view backlog_id = "e9167fcdb91a402a8dae347d8d66c189";
inline constexpr std::string_view backlog_over_id = "097ecff6c2974592baa09d411722110a";
inline constexpr std::string_view expected_long_id = "cca24c7d110a4162b412ef1bb3d214f5";
inline constexpr std::string_view trip_id = "eddbbd6a464346c4be51a8f095c1f8b2";
inline constexpr std::string_view previous_trip_id = "af2b75569bdf43c3b19ad8d30b0dd571";
inline constexpr std::string_view still_alive_id = "c7a8220cbded49318e6151ce0d2c1e3a";
inline constexpr std::string_view rearmed_id = "cc42413a231a45b2b5d30b5a15bb7ee2";
inline constexpr std::string_view paused_id = "38e59ac2bc36444f97b57f3fe819ea88";
inline constexpr std::string_view tasks_high_id = "526e88e2e63e44c4b114189eda382c0e";
inline constexpr std::string_view tasks_leak_id = "be7df84905644960b96601e508c19345";
inline constexpr std::string_view tasks_normal_id = "a0f1360ce430426686b16c3fa6556af9";
inline constexpr std::string_view probe_slow_id = "d5c96ebcd5ff4c6b9f517d4374807f4b";
inline constexpr std::string_view probe_failed_id = "480b99d2cac44a7eb9e3681f8095f95d";
inline constexpr std::string_view probe_ok_id = "179719f70c0247bfa555f400e11425e7";
inline constexpr std::string_view config_loaded_id = "1168c02956084dab8e2de0c0ef044f97";
inline constexpr std::string_view config_rejected_id = "c564ba5b1d9c47c2af221cbf750543f6";
inline constexpr std::string_view suppressed_id = "3dc7633c1ba445cb89c395ada4710421";
inline constexpr std::string_view bus_lost_id = "25d7b1affd2b47ce9696e00581efe569";
inline constexpr std::string_view bus_regained_id = "59d27243c7d84fc28d730fdb901d6679";

} // namespace loopmon::report
