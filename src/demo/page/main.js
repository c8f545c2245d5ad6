// Puts the page together. Order matters only in that every part listens before the stream is opened.

import { banner } from './troubles.js';
import { bar } from './bar.js';
import { clusterSide } from './cluster.js';
import { coach } from './coach.js';
import { connect } from './live.js';
import { forms } from './modal.js';
import { sides } from './sides.js';
import { slackSide } from './slack.js';

slackSide();
clusterSide();
forms();
sides();
bar(coach());
banner();
connect();
