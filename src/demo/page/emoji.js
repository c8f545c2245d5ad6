// The common shortcodes. Others stay as they were typed, as in a workspace that lacks them.

const TABLE = {
  '+1': '👍', thumbsup: '👍', '-1': '👎', thumbsdown: '👎', smile: '😄', smiley: '😃', grin: '😁', joy: '😂', laughing: '😆',
  slightly_smiling_face: '🙂', wink: '😉', blush: '😊', heart: '❤️', heart_eyes: '😍', thinking_face: '🤔', sob: '😭', cry: '😢',
  scream: '😱', sweat_smile: '😅', sunglasses: '😎', pray: '🙏', clap: '👏', wave: '👋', raised_hands: '🙌', muscle: '💪', ok_hand: '👌',
  eyes: '👀', fire: '🔥', rocket: '🚀', tada: '🎉', sparkles: '✨', star: '⭐', zap: '⚡', boom: '💥', bug: '🐛', wrench: '🔧',
  hammer: '🔨', gear: '⚙️', lock: '🔒', unlock: '🔓', key: '🔑', shield: '🛡️', warning: '⚠️', no_entry: '⛔', no_entry_sign: '🚫',
  white_check_mark: '✅', heavy_check_mark: '✔️', x: '❌', question: '❓', exclamation: '❗', bell: '🔔', mega: '📣', clock1: '🕐',
  hourglass: '⌛', hourglass_flowing_sand: '⏳', alarm_clock: '⏰', stopwatch: '⏱️', calendar: '📅', memo: '📝', bulb: '💡',
  red_circle: '🔴', large_green_circle: '🟢', large_yellow_circle: '🟡', large_blue_circle: '🔵', rotating_light: '🚨',
  construction: '🚧', bridge_at_night: '🌉', european_castle: '🏰', point_right: '👉', point_up: '☝️', arrow_right: '➡️', arrows_counterclockwise: '🔄',
  robot_face: '🤖', ghost: '👻', coffee: '☕', beer: '🍺', cake: '🍰', mag: '🔍', link: '🔗', speech_balloon: '💬', information_source: 'ℹ️', 100: '💯',
};

/** Own names only: every object has a `constructor`. */
export const emojiOf = (name) => {
  const plain = name.replace(/::skin-tone-\d$/, '');
  return Object.hasOwn(TABLE, plain) ? TABLE[plain] : null;
};

/** Replaces the known shortcodes of plain text. */
export const withEmoji = (text) => text.replace(/:([a-z0-9_+-]+):/g, (all, name) => emojiOf(name) ?? all);

/** The beginning of a shortcode, for completion. */
export const emojiLike = (start) => Object.entries(TABLE).filter(([name]) => name.startsWith(start)).slice(0, 6);
