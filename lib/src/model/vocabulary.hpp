// SPDX-License-Identifier: MIT
//
// The common vocabulary of the rooms: times, levels and causes, events, the state of a loop. So
// each uses these names as its own.
#pragma once

namespace loopmon::model {}

// NOLINTBEGIN(google-build-using-namespace)
namespace loopmon::bus {
using namespace model;
}
namespace loopmon::judge {
using namespace model;
}
namespace loopmon::proc {
using namespace model;
}
namespace loopmon::report {
using namespace model;
}
namespace loopmon::watch {
using namespace model;
}
// NOLINTEND(google-build-using-namespace)
