// The emoji that people and bots write by name; others stay as they were written.

const NAMES = {
  white_check_mark: '✅', heavy_check_mark: '✔️', x: '❌', warning: '⚠️', rotating_light: '🚨', hourglass: '⌛',
  hourglass_flowing_sand: '⏳', lock: '🔒', unlock: '🔓', key: '🔑', bell: '🔔', no_bell: '🔕', fire: '🔥', eyes: '👀',
  tada: '🎉', thumbsup: '👍', '+1': '👍', thumbsdown: '👎', '-1': '👎', wave: '👋', clap: '👏', pray: '🙏', rocket: '🚀',
  heart: '❤️', smile: '😄', slightly_smiling_face: '🙂', thinking_face: '🤔', sweat_smile: '😅', joy: '😂', cry: '😢',
  robot_face: '🤖', construction: '🚧', stopwatch: '⏱️', alarm_clock: '⏰', calendar: '📅', clipboard: '📋', memo: '📝',
  mag: '🔍', link: '🔗', gear: '⚙️', wrench: '🔧', zap: '⚡', bulb: '💡', question: '❓', exclamation: '❗', ok_hand: '👌',
  no_entry: '⛔', no_entry_sign: '🚫', octagonal_sign: '🛑', large_green_circle: '🟢', red_circle: '🔴',
  large_yellow_circle: '🟡', bridge_at_night: '🌉', european_castle: '🏰', shield: '🛡️', sos: '🆘', speech_balloon: '💬',
};

export const emoji = (text) => text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => NAMES[name] || whole);
